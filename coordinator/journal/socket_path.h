// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_SOCKET_PATH_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_SOCKET_PATH_H_

#include <string>

#include "absl/status/status.h"

namespace registry_manager {

// Where the socket of the server in `folder` is: in the folder itself, or,
// where that path were too long for a Unix socket, in a folder under /tmp whose
// name every process derives alike. Pure.
std::string SocketPath(const std::string& folder);

// Makes the folder under /tmp where SocketPath() names one, and refuses one
// that is another's or a symbolic link: /tmp is everybody's.
absl::Status MakeSocketFolder(const std::string& folder);
// Removes it again, where it is empty.
void RemoveSocketFolder(const std::string& folder);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_SOCKET_PATH_H_
