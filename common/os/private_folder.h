// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_PRIVATE_FOLDER_H_
#define REGISTRY_MANAGER_COMMON_OS_PRIVATE_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace registry_manager {

// The rules for a folder that is there already.
struct PrivateFolderRules {
  // False: a link in its place is refused.
  bool follows_links = false;
  // True: its mode is set to 0700. False: another mode is refused, because
  // others may have put something into it.
  bool mends_mode = true;
};

// Makes the folder with mode 0700, but not those above it.
// FailedPrecondition: something else is in its place, or it is another user's.
absl::Status EnsurePrivateFolder(const std::string& path,
                                 const PrivateFolderRules& rules);

// Makes the folder with mode 0700, and the folders above it. One that exists
// and belongs to this user gets that mode; another user's is refused. Returns
// its path without symbolic links.
absl::StatusOr<std::string> MakePrivateFolder(const std::string& path);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_PRIVATE_FOLDER_H_
