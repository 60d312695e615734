// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_PRIVATE_FOLDER_H_
#define REGISTRY_MANAGER_COMMON_OS_PRIVATE_FOLDER_H_

#include <string>

#include "absl/status/statusor.h"

namespace registry_manager {

// Makes the folder with mode 0700, and the folders above it. One that exists
// and belongs to this user gets that mode; another user's is refused. Returns
// its path without symbolic links.
absl::StatusOr<std::string> MakePrivateFolder(const std::string& path);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_PRIVATE_FOLDER_H_
