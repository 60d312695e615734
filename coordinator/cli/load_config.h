// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_LOAD_CONFIG_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_LOAD_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/config/config.h"

namespace registry_manager {

// Reads a config. The environment's variables that it names hold secrets: no
// program that is started from then on gets them (WithholdFromPrograms).
absl::StatusOr<Config> LoadConfigFile(const std::string& file);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_LOAD_CONFIG_H_
