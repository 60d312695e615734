// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/task_context.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/registry/open_connection.h"

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
  auto opened =
      OpenConnection(registry, retries, transport_, gate_for_(registry.id()));
  if (!opened.ok()) return opened.status();
  connection = *std::move(opened);
  connection->content_cache = cache_.get();
  return connection.get();
}

}  // namespace registry_manager
