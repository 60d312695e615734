// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_TASK_IDS_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_TASK_IDS_H_

#include "coordinator/scheduler/scheduler.h"
#include "proto/task.pb.h"

namespace registry_manager {

// A task's id, as the scheduler and as the protocol knows it.
inline TaskKey KeyOf(const proto::TaskId& id) {
  return {id.run(), id.shard(), id.index()};
}

inline void SetId(const TaskKey& key, proto::TaskId& id) {
  id.set_run(key.run);
  id.set_shard(key.shard);
  id.set_index(key.index);
}

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_TASK_IDS_H_
