// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_FIND_RUN_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_FIND_RUN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/records/state_folder.h"
#include "proto/control.pb.h"

namespace registry_manager {

// Snapshots of the state folder's runs, with one thing put right: a run whose
// coordinator was killed is interrupted, though its snapshot says it runs.

// `run` empty: the latest. NotFound says what to do.
absl::StatusOr<proto::RunSnapshot> FindRun(const StateFolder& folder,
                                           const std::string& run);
// The latest first.
std::vector<proto::RunSnapshot> FindRuns(const StateFolder& folder);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_FIND_RUN_H_
