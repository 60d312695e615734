// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_ACCESS_REGISTRY_ACCESS_H_
#define REGISTRY_MANAGER_COORDINATOR_ACCESS_REGISTRY_ACCESS_H_

#include "absl/status/statusor.h"
#include "common/config/config.h"
#include "common/registry/connection/credentials.h"
#include "proto/task.pb.h"

namespace registry_manager {

// Reads what opens a registry from where the config says: files, docker's
// config, and credential helpers of this machine. Workers get the contents,
// never a path. Thread-safe; both calls may take as long as a helper, ten
// seconds each.

// The credentials as they are now; `config` has an address.
absl::StatusOr<RegistryCredentials> ReadCredentials(
    const RegistryConfig& config);

// Fills in credentials and certificates of a worker's settings. A file that
// cannot be read becomes the settings' problem.
void ReadAccess(const RegistryConfig& config, proto::Registry& registry);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_ACCESS_REGISTRY_ACCESS_H_
