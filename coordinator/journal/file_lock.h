// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_FILE_LOCK_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_FILE_LOCK_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace registry_manager {

// An flock() on a file, held until the object goes, or, where the descriptor
// was handed to another process, until that ends as well. The kernel gives it
// up however a process ends, so there is no such thing as a stale lock: the
// file itself means nothing and stays. Move-only.
class FileLock {
 public:
  // Makes the file where it is missing. nullopt: somebody holds it.
  static absl::StatusOr<std::optional<FileLock>> Try(const std::string& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  // Closed in a program that is started.
  int fd() const { return fd_; }

 private:
  explicit FileLock(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_FILE_LOCK_H_
