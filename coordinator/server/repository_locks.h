// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_REPOSITORY_LOCKS_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_REPOSITORY_LOCKS_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace registry_manager {

// Which repositories this coordinator writes to, told to the other coordinators
// of the state folder: one writes to a repository at a time. Locks end with the
// process, however it ends. Used from one thread.
class RepositoryLocks {
 public:
  // One file in `folder`, of which each repository locks one byte.
  static absl::StatusOr<RepositoryLocks> Open(const std::string& folder);
  ~RepositoryLocks();
  RepositoryLocks(RepositoryLocks&& other) noexcept
      : fd_(other.fd_), held_(std::move(other.held_)) {
    other.fd_ = -1;
  }
  RepositoryLocks& operator=(RepositoryLocks&&) = delete;

  // False: another coordinator writes to `repository` (a RepositoryId). May be
  // called again for one that is held; each is released as often.
  bool TryLock(const std::string& repository);
  void Unlock(const std::string& repository);

 private:
  explicit RepositoryLocks(int fd) : fd_(fd) {}
  bool Set(const std::string& repository, short type) const;

  int fd_;
  std::map<std::string, int> held_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_REPOSITORY_LOCKS_H_
