// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_RETRY_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_RETRY_H_

#include <string>

#include "coordinator/cli/run_command.h"

namespace registry_manager {

// The verb `retry`: a new run of the failed actions of `run` alone, by the
// config that it was submitted with, dry where it was dry. `command` holds the
// flags. Returns the exit status.
int RetryRun(const std::string& run, RunCommand command);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_RETRY_H_
