// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/task_handler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/reference/address.h"
#include "common/registry/credentials.h"
#include "worker/handlers/delete_repository.h"
#include "worker/handlers/list.h"
#include "worker/handlers/sync_repository.h"

namespace registry_manager {

WorkerServices::WorkerServices(HttpTransport* transport, ThreadPool* pool,
                               GateFor gate_for)
    : transport_(transport), pool_(pool), gate_for_(std::move(gate_for)) {}

absl::StatusOr<RegistryConnection*> WorkerServices::Connect(
    const proto::Registry& registry, int retries) {
  const std::string key =
      absl::StrCat(registry.SerializeAsString(), " ", retries);
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<RegistryConnection>& connection = connections_[key];
  if (connection != nullptr) return connection.get();
  absl::StatusOr<Address> address = Address::Parse(registry.id());
  if (!address.ok()) return address.status();
  Credentials credentials{registry.username(), registry.password(), ""};
  if (credentials.anonymous()) {
    absl::StatusOr<Credentials> found =
        LookUpCredentials(registry.auth_file(), *address);
    if (!found.ok()) return found.status();
    credentials = *std::move(found);
  }
  const TlsSettings tls{registry.insecure(), registry.ca_file(),
                        registry.client_cert(), registry.client_key()};
  connection = std::make_unique<RegistryConnection>(
      RegistryOptions{*std::move(address), std::move(credentials), tls,
                      retries},
      transport_, gate_for_(registry.id()));
  return connection.get();
}

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
