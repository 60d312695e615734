// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_FORGET_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_FORGET_H_

#include <string>
#include <vector>

#include "coordinator/cli/run_command.h"

namespace registry_manager {

// The verb: removes `runs`, or those beyond the command's limits if none is
// named. Returns the exit status.
int ForgetRuns(const std::vector<std::string>& runs, const RunCommand& command);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_FORGET_H_
