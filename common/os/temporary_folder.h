// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_TEMPORARY_FOLDER_H_
#define REGISTRY_MANAGER_COMMON_OS_TEMPORARY_FOLDER_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/os/process_lock.h"

namespace registry_manager {

// A folder of mode 0700 that is removed with this object. It holds a file
// "alive", a ProcessLock: folders of processes that were killed are told by it
// and removed by the next that makes one. Not thread-safe.
class TemporaryFolder {
 public:
  // Makes PLACE/registry-manager-NAME-XXXXXX.
  static absl::StatusOr<TemporaryFolder> Make(const std::string& place,
                                              absl::string_view name);
  // Removes those of that name whose processes have ended.
  static void RemoveLeftOvers(const std::string& place, absl::string_view name);

  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept
      : path_(std::exchange(other.path_, "")), lock_(std::move(other.lock_)) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  const std::string& path() const { return path_; }

 private:
  TemporaryFolder(std::string path, ProcessLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  ProcessLock lock_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_TEMPORARY_FOLDER_H_
