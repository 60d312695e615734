// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_TASK_PLACE_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_TASK_PLACE_H_

#include <compare>
#include <cstdint>

namespace registry_manager {

// The place of a task within its run: bit `index` of shard `shard`. With the
// run it is the scheduler's TaskKey.
struct TaskPlace {
  uint32_t shard = 0;
  uint32_t index = 0;

  friend auto operator<=>(const TaskPlace&, const TaskPlace&) = default;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_TASK_PLACE_H_
