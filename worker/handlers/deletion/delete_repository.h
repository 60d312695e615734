// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETE_REPOSITORY_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETE_REPOSITORY_H_

#include <functional>

#include "absl/time/time.h"
#include "common/os/boot_time.h"
#include "common/registry/drivers/driver.h"
#include "proto/task.pb.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// Plans what to delete in a repository and, unless the run is dry, deletes it:
//
//   finish what an earlier attempt left (its intent, half-removed tags)
//   look at every tag, select, plan
//   look again: what is new protects, what moved is skipped
//   journal the intent
//   delete digests, wave by wave; remove tags alone
//   check the outcome, drop the intent
//
// docs/deleting.md holds the rules.
proto::TaskResult DeleteRepository(const proto::DeleteRepository& task,
                                   TaskContext& context);

// The same through a driver of the caller's; `now` is BootTime(), or a test's.
proto::TaskResult DeleteWith(RepositoryDriver& driver,
                             const proto::DeleteRepository& task,
                             TaskContext& context,
                             const std::function<absl::Time()>& now = BootTime);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_DELETE_REPOSITORY_H_
