// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_

#include <string>

namespace registry_manager {

// The verbs that look at runs of this state folder. They read files only, and
// return the exit status. `run` empty: the latest.

// How a run stands.
int ShowStatus(const std::string& run);
// Every run, the latest first, a line each.
int ShowRuns();
// What a run did: its summary and every failed action with its reason; with
// `details` every action.
int ShowReport(const std::string& run, bool details);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_INSPECT_H_
