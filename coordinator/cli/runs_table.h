// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_RUNS_TABLE_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_RUNS_TABLE_H_

#include <string>
#include <vector>

#include "proto/control.pb.h"

namespace registry_manager {

// A line for each run, below a line that names the columns. Pure.
std::string RunsTable(const std::vector<proto::RunSnapshot>& runs);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_RUNS_TABLE_H_
