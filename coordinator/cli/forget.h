// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_FORGET_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_FORGET_H_

#include <string>
#include <vector>

#include "coordinator/cli/run_command.h"
#include "coordinator/journal/journal.h"
#include "coordinator/records/retention.h"
#include "coordinator/records/state_folder.h"

namespace registry_manager {

// The verb: removes `runs`, or those beyond the command's limits if none is
// named. Returns the exit status.
int ForgetRuns(const std::vector<std::string>& runs, const RunCommand& command);

// What a verb that makes runs does besides: removes the runs beyond `limits`.
// Returns what there is to say about it; empty: nothing.
std::vector<std::string> ForgetOldRuns(const StateFolder& folder,
                                       Journal& journal,
                                       const RunLimits& limits);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_FORGET_H_
