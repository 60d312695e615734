// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_PROBLEM_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_PROBLEM_H_

#include <string>

#include "absl/status/status.h"
#include "common/registry/connection/connection.h"
#include "proto/task.pb.h"

namespace registry_manager {

// Returns what `status`, which came up at `registry` (its id), means for the
// task: whether the task is tried again, and whether the registry is of use at
// all.
proto::Problem ProblemOf(const absl::Status& status,
                         const std::string& registry);
proto::Problem ProblemOf(const absl::Status& status,
                         const RegistryConnection& connection);

// The result of a task that was not carried out for that reason.
proto::TaskResult FailedResult(proto::Problem problem);
proto::TaskResult FailedResult(const absl::Status& status,
                               const RegistryConnection& connection);

// Returns the text that a person is told about `status`.
std::string ReasonOf(const absl::Status& status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_PROBLEM_H_
