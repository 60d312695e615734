// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_COUNTS_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_COUNTS_H_

#include "proto/task.pb.h"

namespace registry_manager {

// Adds every field of `counts` to `totals`.
void AddCounts(const proto::Counts& counts, proto::Counts& totals);

// What an attempt that is to be tried again has done for good: all but its
// failures, plans and what it skipped, which the next attempt counts anew.
proto::Counts LastingCounts(proto::Counts counts);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_COUNTS_H_
