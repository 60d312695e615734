// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SETTINGS_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SETTINGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/registry/connection/connection.h"
#include "proto/task.pb.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// The connection to a registry of the run's settings, by its id.
absl::StatusOr<RegistryConnection*> ConnectTo(const std::string& registry,
                                              TaskContext& context);

// Its driver.
absl::StatusOr<RegistryDriver*> DriverOf(const std::string& registry,
                                         TaskContext& context);

// The registry's settings themselves. NotFound where there are none.
absl::StatusOr<const proto::Registry*> FindRegistry(const std::string& registry,
                                                    const TaskContext& context);

// The problem of a task whose registry cannot even be asked.
proto::Problem SettingsProblem(const std::string& registry,
                               const absl::Status& status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SETTINGS_H_
