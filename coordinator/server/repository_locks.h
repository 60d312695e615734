// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_REPOSITORY_LOCKS_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_REPOSITORY_LOCKS_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace registry_manager {

// Locks the repositories that this coordinator writes to against the other
// coordinators of the state folder: only one coordinator at a time writes to a
// repository. Locks end with the process, however it ends. Used from one
// thread.
class RepositoryLocks {
 public:
  // One file in `folder`, of which each repository locks one byte.
  static absl::StatusOr<RepositoryLocks> Open(const std::string& folder);
  ~RepositoryLocks();
  RepositoryLocks(RepositoryLocks&& other) noexcept
      : fd_(other.fd_),
        held_(std::move(other.held_)),
        unlocks_(std::move(other.unlocks_)) {
    other.fd_ = -1;
  }
  RepositoryLocks& operator=(RepositoryLocks&&) = delete;

  // False: another coordinator writes to `repository` (a RepositoryId). May be
  // called again for one that is held; each is released as often.
  bool TryLock(const std::string& repository);
  void Unlock(const std::string& repository);
  // Unlocks it with the first UnlockDue() after `when`: a worker may act until
  // its lease is over.
  void UnlockAt(const std::string& repository, absl::Time when);
  void UnlockDue(absl::Time now);

 private:
  explicit RepositoryLocks(int fd) : fd_(fd) {}
  bool Set(const std::string& repository, short type) const;

  int fd_;
  std::map<std::string, int> held_;
  std::multimap<absl::Time, std::string> unlocks_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_REPOSITORY_LOCKS_H_
