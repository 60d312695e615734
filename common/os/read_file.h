// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_READ_FILE_H_
#define REGISTRY_MANAGER_COMMON_OS_READ_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace registry_manager {

// The content of a regular file of at most `most_bytes`. Never waits, also
// if `path` is a pipe. The message of an error is the reason alone, without
// the path: NotFound, PermissionDenied, or InvalidArgument (a folder,
// something that is not a regular file, too large); other failures of the
// system as absl::ErrnoToStatus has them.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path,
                                          size_t most_bytes);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_READ_FILE_H_
