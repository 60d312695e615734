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
  const auto known = connections_.find(key);
  if (known != connections_.end()) return known->second.connection.get();
  auto opened =
      OpenConnection(registry, retries, transport_, gate_for_(registry.id()));
  if (!opened.ok()) return opened.status();
  RegistryConnection* connection = opened->get();
  connection->content_cache = cache_.get();
  if (with_referrers_api_.contains(registry.id())) {
    connection->referrers_api = RegistryConnection::Support::kYes;
  }
  connections_[key] = {registry.id(), *std::move(opened)};
  return connection;
}

void WorkerServices::RememberReferrersApi(
    const std::vector<std::string>& registries) {
  const std::lock_guard<std::mutex> lock(mutex_);
  with_referrers_api_.insert(registries.begin(), registries.end());
  for (auto& [key, opened] : connections_) {
    if (!with_referrers_api_.contains(opened.registry)) continue;
    opened.connection->referrers_api = RegistryConnection::Support::kYes;
  }
}

std::vector<std::string> WorkerServices::WithReferrersApi() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::set<std::string> registries;
  for (const auto& [key, opened] : connections_) {
    if (opened.connection->referrers_api == RegistryConnection::Support::kYes) {
      registries.insert(opened.registry);
    }
  }
  return {registries.begin(), registries.end()};
}

}  // namespace registry_manager
