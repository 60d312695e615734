// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_OPEN_CONNECTION_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_OPEN_CONNECTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/http/transport.h"
#include "common/registry/connection.h"
#include "common/registry/request_gate.h"
#include "proto/task.pb.h"

namespace registry_manager {

// A connection to a registry of a run's settings, with the credentials that
// these name or that docker's config knows. Sends nothing yet. Errors: an
// address that is none, a credential helper that fails. `transport` and `gate`
// outlive it.
absl::StatusOr<std::unique_ptr<RegistryConnection>> OpenConnection(
    const proto::Registry& registry, int retries, HttpTransport* transport,
    RequestGate* gate);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_OPEN_CONNECTION_H_
