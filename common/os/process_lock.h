// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_PROCESS_LOCK_H_
#define REGISTRY_MANAGER_COMMON_OS_PROCESS_LOCK_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace registry_manager {

// A lock on a file that says that a process lives: the kernel takes it away
// however the process ends. A process id would mean another process in a
// container, after a restart, or once it has been given out again. Move-only.
class ProcessLock {
 public:
  // Holds the lock until the object is destroyed; others may hold it at the
  // same time. Creates the file if it is missing.
  static absl::StatusOr<ProcessLock> Hold(const std::string& file);
  // Holds the lock and keeps others from holding it. nullopt if somebody else
  // holds it already. Creates the file, too.
  static absl::StatusOr<std::optional<ProcessLock>> HoldAlone(
      const std::string& file);
  // Whether anybody holds the lock. True if that cannot be found out.
  static bool IsHeld(const std::string& file);

  ProcessLock(ProcessLock&& other) noexcept;
  ProcessLock& operator=(ProcessLock&& other) noexcept;
  ~ProcessLock();

 private:
  explicit ProcessLock(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_PROCESS_LOCK_H_
