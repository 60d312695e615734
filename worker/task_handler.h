// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_TASK_HANDLER_H_
#define REGISTRY_MANAGER_WORKER_TASK_HANDLER_H_

#include "proto/fleet.pb.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// Carries a task out and says how it ended; `id` and `attempt` of the result
// are the caller's to fill in. Blocks. Never throws. Where the task's
// cancellation ends it, the result is of no use.
proto::TaskResult HandleTask(const proto::Task& task, TaskContext& context);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_TASK_HANDLER_H_
