// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SLOTS_REGISTRY_OPTIONS_H_
#define REGISTRY_MANAGER_WORKER_SLOTS_REGISTRY_OPTIONS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/os/memory_file.h"
#include "common/registry/connection/connection.h"
#include "common/registry/connection/credentials.h"
#include "proto/task.pb.h"

namespace registry_manager {

RegistryCredentials CredentialsOf(const proto::RegistryCredentials& message);

// The options for requests to a registry of a run's settings. Its certificates
// become `files`, which must live as long as the options are used. Errors: what
// the settings call a problem, an address that cannot be parsed.
absl::StatusOr<RegistryOptions> OptionsOf(const proto::Registry& registry,
                                          int retries,
                                          std::vector<MemoryFile>& files);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SLOTS_REGISTRY_OPTIONS_H_
