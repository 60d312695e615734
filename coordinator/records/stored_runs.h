// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_STORED_RUNS_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_STORED_RUNS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/records/retention.h"
#include "coordinator/records/state_folder.h"

namespace registry_manager {

// Finds out how much disk space runs take, and removes runs. Several processes
// may do so at the same time.

// All runs of the folder, the latest first. `in_use`: Journal::RunsInUse().
// Held are runs that are not known to be finished, that a process carries out
// or reads, that an unfinished `retry` needs, and those in use.
std::vector<StoredRun> FindStoredRuns(const StateFolder& folder,
                                      const std::set<std::string>& in_use);

// Removes a finished run in one step: a run that is cut short is never seen.
// False: it is in use now, or somebody else has removed it.
absl::StatusOr<bool> RemoveRun(const StateFolder& folder,
                               const std::string& id);

// Removes what processes left that were killed while they removed runs.
void SweepForgotten(const StateFolder& folder);

// Returns the size of all files in a folder, at any depth; 0 if there is no
// such folder.
uint64_t BytesBelow(const std::string& folder);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_STORED_RUNS_H_
