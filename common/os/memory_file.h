// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_MEMORY_FILE_H_
#define REGISTRY_MANAGER_COMMON_OS_MEMORY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// A file in memory that no folder lists (memfd_create(2)), for libraries that
// want the path of a file with a secret. It is gone with this object, and with
// the process. Move-only.
class MemoryFile {
 public:
  static absl::StatusOr<MemoryFile> Make(absl::string_view contents);

  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&&) = delete;
  ~MemoryFile();

  // The path within this process; programs that it starts do not see the file.
  std::string path() const;

 private:
  explicit MemoryFile(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_MEMORY_FILE_H_
