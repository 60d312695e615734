// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_EXIT_STATUS_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_EXIT_STATUS_H_

#include "proto/control.pb.h"

namespace registry_manager {

// The exit statuses of the program. If several apply, the first of kUsage,
// kInterrupted, kUnreachable, kFailures is used.
inline constexpr int kAllDone = 0;
// Some actions failed; they are listed with their reasons.
inline constexpr int kFailures = 1;
// The command line or the config is wrong.
inline constexpr int kUsage = 2;
// A registry, or Redis, cannot be reached or refuses the credentials; the state
// folder, or standard output, cannot be written; the run is under way already.
inline constexpr int kUnreachable = 3;
// Interrupted; the same command goes on.
inline constexpr int kInterrupted = 4;

// The exit status of a run that has ended, by its state and its totals.
int ExitStatusOf(const proto::RunSnapshot& snapshot);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_EXIT_STATUS_H_
