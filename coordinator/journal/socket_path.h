// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_SOCKET_PATH_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_SOCKET_PATH_H_

#include <string>

#include "absl/status/status.h"

namespace registry_manager {

// Returns the path of the socket of the server in `folder`. The socket is in
// the folder itself or, if its path would be too long for a Unix socket, in a
// folder under /tmp. All processes derive the same name for that folder. Pure.
std::string SocketPath(const std::string& folder);

// Makes the folder under /tmp if SocketPath() names one. A folder that belongs
// to somebody else and a symbolic link are refused, because everybody may write
// to /tmp.
absl::Status MakeSocketFolder(const std::string& folder);
// Removes it again, where it is empty.
void RemoveSocketFolder(const std::string& folder);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_SOCKET_PATH_H_
