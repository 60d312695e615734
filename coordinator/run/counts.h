// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_COUNTS_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_COUNTS_H_

#include "proto/task.pb.h"

namespace registry_manager {

// Adds every field of `counts` to `totals`.
void AddCounts(const proto::Counts& counts, proto::Counts& totals);

// Returns the counts of an attempt that stay although the task is tried again.
// Failures, plans and what was skipped do not stay: the next attempt counts
// them anew.
proto::Counts LastingCounts(proto::Counts counts);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_COUNTS_H_
