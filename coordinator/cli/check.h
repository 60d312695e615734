// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_CHECK_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_CHECK_H_

#include "coordinator/cli/run_command.h"

namespace registry_manager {

// The verb `check`: prints what was found out, each finding with what to do,
// and returns the exit status.
int CheckConfig(const RunCommand& command);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_CHECK_H_
