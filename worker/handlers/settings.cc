// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/settings.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace registry_manager {

absl::StatusOr<const proto::Registry*> FindRegistry(
    const std::string& registry, const TaskContext& context) {
  for (const proto::Registry& candidate : context.settings->registries()) {
    if (candidate.id() == registry) return &candidate;
  }
  return absl::NotFoundError(
      absl::StrCat("the run's settings hold no registry ", registry));
}

namespace {

absl::StatusOr<WorkerServices::OpenRegistry> Open(const std::string& registry,
                                                  TaskContext& context) {
  ASSIGN_OR_RETURN(const proto::Registry* found,
                   FindRegistry(registry, context));
  return context.services->Open(*context.settings, *found);
}

}  // namespace

absl::StatusOr<RegistryConnection*> ConnectTo(const std::string& registry,
                                              TaskContext& context) {
  const auto open = Open(registry, context);
  if (!open.ok()) return open.status();
  return open->connection;
}

absl::StatusOr<RegistryDriver*> DriverOf(const std::string& registry,
                                         TaskContext& context) {
  const auto open = Open(registry, context);
  if (!open.ok()) return open.status();
  return open->driver;
}

proto::Problem SettingsProblem(const std::string& registry,
                               const absl::Status& status) {
  proto::Problem problem;
  problem.set_kind(proto::Problem::REGISTRY_REFUSES_CREDENTIALS);
  problem.set_registry(registry);
  problem.set_message(std::string(status.message()));
  return problem;
}

}  // namespace registry_manager
