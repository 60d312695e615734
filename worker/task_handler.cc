// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/task_handler.h"

#include "worker/handlers/deletion/delete_repository.h"
#include "worker/handlers/list.h"
#include "worker/handlers/sync/sync_repository.h"

namespace registry_manager {

proto::TaskResult HandleTask(const proto::Task& task, TaskContext& context) {
  switch (task.operation_case()) {
    case proto::Task::kListCatalog:
      return ListCatalog(task.list_catalog(), context);
    case proto::Task::kListRepository:
      return ListRepository(task.list_repository(), context);
    case proto::Task::kDeleteRepository:
      return DeleteRepository(task.delete_repository(), context);
    case proto::Task::kSyncRepository:
      return SyncRepository(task.sync_repository(), context);
    case proto::Task::kSyncBatch:
      return SyncBatch(task.sync_batch(), context);
    case proto::Task::OPERATION_NOT_SET:
      break;
  }
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::FAILED);
  result.mutable_problem()->set_kind(proto::Problem::PERMANENT);
  result.mutable_problem()->set_message(
      "this worker does not know this kind of task; run workers and "
      "coordinator of one version");
  return result;
}

}  // namespace registry_manager
