// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_EARLIER_RUNS_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_EARLIER_RUNS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/run/run.h"
#include "coordinator/run/work_stream.h"

namespace registry_manager {

// Finds runs that were cut short, and records the end of runs whose coordinator
// could not do so itself. A run that was started elsewhere has no snapshot
// here, which is not an error.

// Runs of this config, by the path that was typed, that were cut short: the
// latest first, none before one that is finished.
std::vector<std::string> UnfinishedRunsOf(const StateFolder& folder,
                                          const std::string& config, Verb verb);

// `--fresh` plans anew.
absl::Status MarkAbandoned(const StateFolder& folder, const std::string& run);

// It had done everything. `run`: restored.
absl::Status MarkFinished(const StateFolder& folder, Run& run);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_EARLIER_RUNS_H_
