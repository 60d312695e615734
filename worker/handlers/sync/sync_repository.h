// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_REPOSITORY_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_REPOSITORY_H_

#include "proto/task.pb.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// Compares a repository with its copy and copies what differs; a large plan is
// handed back as batches (SPLIT). A dry run compares only. docs/syncing.md
// holds the rules.
proto::TaskResult SyncRepository(const proto::SyncRepository& task,
                                 TaskContext& context);

// Copies one batch of a repository that was split.
proto::TaskResult SyncBatch(const proto::SyncBatch& task, TaskContext& context);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_REPOSITORY_H_
