// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_LIST_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_LIST_H_

#include "proto/task.pb.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// One page of a registry's catalogue. Names that are no repository names are
// left out, with a note.
proto::TaskResult ListCatalog(const proto::ListCatalog& task,
                              TaskContext& context);

// The tags of a repository, an action each.
proto::TaskResult ListRepository(const proto::ListRepository& task,
                                 TaskContext& context);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_LIST_H_
