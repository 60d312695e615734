// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/sync_repository.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/registry/copy/image_copier.h"
#include "worker/handlers/copy_engine.h"
#include "worker/handlers/problem.h"
#include "worker/handlers/settings.h"
#include "worker/handlers/sync/repository_sync.h"
#include "worker/handlers/sync/sync_to_layout.h"

namespace registry_manager {
namespace {

using Run = std::function<proto::TaskResult(const SyncRoute& route)>;

// One end of a sync that is open.
struct End {
  RegistryConnection* connection;
  std::unique_ptr<RepositoryDriver> repository;
};

absl::StatusOr<End> OpenEnd(const std::string& registry,
                            const std::string& repository, bool pushes,
                            TaskContext& context) {
  ASSIGN_OR_RETURN(RegistryConnection * connection,
                   ConnectTo(registry, context));
  ASSIGN_OR_RETURN(RegistryDriver * driver, DriverOf(registry, context));
  return End{connection, driver->Open(*context.scope, repository, pushes)};
}

// Our own copying from one end to the other.
struct Copying {
  Copying(const End& source, const std::string& source_repository,
          const End& target, const std::string& target_repository, bool pushes,
          TaskContext& context)
      : copier({{source.connection, context.scope},
                source_repository,
                {target.connection, context.scope, pushes},
                target_repository},
               context.blobs, &context.services->pool(), &tally) {}

  CopyTally tally;
  ImageCopier copier;
};

// Opens both ends, and the engine that the policy names, and runs the sync.
proto::TaskResult RunSync(const std::string& source_id,
                          const std::string& source_repository,
                          const std::string& target_id,
                          const std::string& target_repository,
                          TaskContext& context, const Run& run) {
  const proto::SyncPolicy& policy = context.settings->sync_policy();
  const bool pushes = !policy.dry_run();
  absl::StatusOr<End> source =
      OpenEnd(source_id, source_repository, /*pushes=*/false, context);
  if (!source.ok()) {
    return FailedResult(SettingsProblem(source_id, source.status()));
  }
  absl::StatusOr<End> target =
      OpenEnd(target_id, target_repository, pushes, context);
  if (!target.ok()) {
    return FailedResult(SettingsProblem(target_id, target.status()));
  }
  Copying copying(*source, source_repository, *target, target_repository,
                  pushes, context);
  std::unique_ptr<CopyEngine> engine = NewNativeEngine(&copying.copier);
  if (policy.engine() == proto::SyncPolicy::SKOPEO) {
    absl::StatusOr<std::unique_ptr<CopyEngine>> skopeo = NewSkopeoEngine(
        context, **FindRegistry(source_id, context), source_repository,
        **FindRegistry(target_id, context), target_repository);
    if (!skopeo.ok()) {
      return FailedResult(skopeo.status(), *source->connection);
    }
    engine = *std::move(skopeo);
  }
  return run({source->repository.get(), target->repository.get(), engine.get(),
              &copying.copier, &copying.tally});
}

proto::TaskResult SyncToLayout(const proto::SyncRepository& task,
                               TaskContext& context) {
  const std::string& repository = task.entry().repository();
  absl::StatusOr<End> source =
      OpenEnd(task.source(), repository, /*pushes=*/false, context);
  if (!source.ok()) {
    return FailedResult(SettingsProblem(task.source(), source.status()));
  }
  absl::StatusOr<OpenedLayout> layout =
      OpenLayout(task, **FindRegistry(task.source(), context), context);
  if (!layout.ok()) return FailedResult(layout.status(), *source->connection);
  // There is no target that could be asked.
  Copying copying(*source, repository, *source, task.target_repository(),
                  /*pushes=*/false, context);
  return SyncRepositoryOver(
      {source->repository.get(), source->repository.get(), layout->engine.get(),
       &copying.copier, &copying.tally, std::move(layout->tags)},
      task, context);
}

}  // namespace

proto::TaskResult SyncRepository(const proto::SyncRepository& task,
                                 TaskContext& context) {
  if (IsLayout(task.target())) return SyncToLayout(task, context);
  return RunSync(task.source(), task.entry().repository(), task.target(),
                 task.target_repository(), context,
                 [&](const SyncRoute& route) {
                   return SyncRepositoryOver(route, task, context);
                 });
}

proto::TaskResult SyncBatch(const proto::SyncBatch& task,
                            TaskContext& context) {
  return RunSync(task.source(), task.repository(), task.target(),
                 task.target_repository(), context,
                 [&](const SyncRoute& route) {
                   return SyncBatchOver(route, task, context);
                 });
}

}  // namespace registry_manager
