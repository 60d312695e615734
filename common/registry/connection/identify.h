// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_IDENTIFY_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_IDENTIFY_H_

#include "absl/status/statusor.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// Questions about a registry and about the user's credentials, without any
// repository.

// Asks the base endpoint with the credentials. Unauthenticated or
// PermissionDenied: the credentials are refused. Other errors are those of a
// request.
absl::Status CheckCredentials(const RegistryClient& client);

enum class RegistryKind { kPlain, kHarbor, kDockerHub };

// The kind of registry at the address, as far as that makes a difference to its
// user. Harbor says so at /api/v2.0/ping (since 2.0); a registry that gives no
// such answer is plain. Errors are those of requests that get no answer.
absl::StatusOr<RegistryKind> IdentifyRegistry(const RegistryClient& client);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_IDENTIFY_H_
