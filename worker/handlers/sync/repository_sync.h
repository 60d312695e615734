// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_REPOSITORY_SYNC_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_REPOSITORY_SYNC_H_

#include <map>
#include <optional>
#include <string>

#include "common/reference/digest.h"
#include "common/registry/copy/blob_copier.h"
#include "common/registry/copy/referrer_copier.h"
#include "common/registry/drivers/driver.h"
#include "proto/task.pb.h"
#include "worker/handlers/copy_engine.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// The two ends of a sync, and what copies from one to the other. All outlive
// the sync.
struct SyncRoute {
  RepositoryReader* source;
  // Never asked if there are `layout_tags`.
  RepositoryReader* target;
  CopyEngine* engine;
  ReferrerCopier* referrers;
  // The sum of the transfers so far.
  const CopyTally* tally;
  // Set if the target is a folder: its tags.
  std::optional<std::map<std::string, Digest>> layout_tags = {};
};

// These are SyncRepository() and SyncBatch() over a route that is open.
proto::TaskResult SyncRepositoryOver(const SyncRoute& route,
                                     const proto::SyncRepository& task,
                                     TaskContext& context);
proto::TaskResult SyncBatchOver(const SyncRoute& route,
                                const proto::SyncBatch& task,
                                TaskContext& context);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_REPOSITORY_SYNC_H_
