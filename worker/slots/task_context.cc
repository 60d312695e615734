// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/slots/task_context.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "worker/slots/registry_options.h"

namespace registry_manager {

WorkerServices::WorkerServices(HttpTransport* transport, ThreadPool* pool,
                               GateFor gate_for)
    : transport_(transport), pool_(pool), gate_for_(std::move(gate_for)) {}

absl::StatusOr<WorkerServices::OpenRegistry> WorkerServices::Open(
    const proto::RunSettings& settings, const proto::Registry& registry) {
  const std::string key = absl::StrCat(settings.run(), " ", registry.id());
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = connections_.find(key);
  if (known != connections_.end()) {
    const Connection& open = known->second;
    return OpenRegistry{open.connection.get(), open.driver.get()};
  }
  std::vector<MemoryFile> files;
  ASSIGN_OR_RETURN(
      RegistryOptions options,
      OptionsOf(registry, static_cast<int>(settings.retries()), files));
  if (registry.is_renewable() && ask_) {
    options.renew_credentials = [ask = ask_, run = settings.run(),
                                 id = registry.id()] { return ask(run, id); };
  }
  Connection& opened = connections_[key];
  opened.registry = registry.id();
  opened.files = std::move(files);
  opened.connection = std::make_unique<RegistryConnection>(
      std::move(options), transport_, gate_for_(registry.id()));
  RegistryConnection* connection = opened.connection.get();
  connection->content_cache = cache_.get();
  if (with_referrers_api_.contains(registry.id())) {
    connection->referrers_api = RegistryConnection::Support::kYes;
  }
  opened.driver = new_driver_(connection, pool_);
  return OpenRegistry{connection, opened.driver.get()};
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
