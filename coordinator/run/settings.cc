// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/settings.h"

#include <algorithm>
#include <optional>
#include <set>

namespace registry_manager {
namespace {

void SetPattern(const TagPatternConfig& config, proto::TagPattern& pattern) {
  for (const std::string& key : config.keys) pattern.add_keys(key);
  pattern.set_regex(config.regex);
}

void SetDeletePolicy(const DeletePolicyConfig& config,
                     const RunOptions& options, proto::DeletePolicy& policy) {
  policy.set_dry_run(options.verb == Verb::kPlan ||
                     options.dry_run.value_or(config.dry_run));
  policy.set_mix_count(config.mix_count);
  policy.set_sem_ver(config.sem_ver);
  policy.set_undated_is_oldest(config.undated == Undated::kOldest);
  SetPattern(config.include, *policy.mutable_include());
  SetPattern(config.exclude, *policy.mutable_exclude());
  policy.set_shared_digest(config.shared_digest == SharedDigest::kKeep
                               ? proto::DeletePolicy::KEEP_SHARED
                               : proto::DeletePolicy::UNTAG);
  switch (config.dangling_tags) {
    case DanglingTags::kStop:
      policy.set_dangling_tags(proto::DeletePolicy::STOP);
      break;
    case DanglingTags::kKeep:
      policy.set_dangling_tags(proto::DeletePolicy::KEEP_DANGLING);
      break;
    case DanglingTags::kRemove:
      policy.set_dangling_tags(proto::DeletePolicy::REMOVE);
      break;
  }
}

void SetSyncPolicy(const SyncPolicyConfig& config, const RunOptions& options,
                   proto::SyncPolicy& policy) {
  policy.set_dry_run(options.verb == Verb::kPlan ||
                     options.dry_run.value_or(config.dry_run));
  policy.set_force(config.force);
  policy.set_referrers(config.referrers);
  policy.set_engine(config.engine == SyncEngine::kSkopeo
                        ? proto::SyncPolicy::SKOPEO
                        : proto::SyncPolicy::NATIVE);
  for (const std::string& filter : config.filters) policy.add_filters(filter);
}

proto::Registry RegistryOf(const RegistryConfig& config) {
  proto::Registry registry;
  registry.set_id(RegistryId(config));
  registry.set_name(config.name);
  registry.set_insecure(config.insecure);
  registry.set_listing_timeout_ms(
      absl::ToInt64Milliseconds(config.listing_timeout));
  return registry;
}

bool HasCredentials(const RegistryConfig& config) {
  return !config.username.empty() || !config.auth_file.empty();
}

// The registries that the run touches.
std::set<std::string> IdsOf(const std::vector<WorkStream>& streams) {
  std::set<std::string> ids;
  for (const WorkStream& stream : streams) {
    for (const std::string& id : stream.registries()) ids.insert(id);
  }
  return ids;
}

}  // namespace

const RegistryConfig* AccessConfigOf(const Config& config,
                                     const std::string& id) {
  const RegistryConfig* found = nullptr;
  for (const RegistryConfig& registry : config.registries) {
    if (RegistryId(registry) != id) continue;
    if (found == nullptr) found = &registry;
    if (HasCredentials(registry)) return &registry;
  }
  return found;
}

RegistryBudget BudgetOf(const Config& config, const std::string& id) {
  std::optional<RegistryBudget> budget;
  for (const RegistryConfig& registry : config.registries) {
    if (RegistryId(registry) != id) continue;
    const RegistryBudget own{registry.max_connections,
                             registry.requests_per_second};
    if (!budget) budget = own;
    budget->max_connections =
        std::min(budget->max_connections, own.max_connections);
    if (own.requests_per_second) {
      budget->requests_per_second = std::min(
          budget->requests_per_second.value_or(*own.requests_per_second),
          *own.requests_per_second);
    }
  }
  return budget.value_or(RegistryBudget());
}

proto::RunSettings SettingsOf(const Config& config, const RunOptions& options,
                              const std::vector<WorkStream>& streams,
                              const std::string& run, int retries,
                              bool details) {
  proto::RunSettings settings;
  settings.set_run(run);
  settings.set_retries(retries);
  settings.set_details(details);
  for (const std::string& id : IdsOf(streams)) {
    proto::Registry& registry = *settings.add_registries();
    registry = RegistryOf(*AccessConfigOf(config, id));
    registry.set_max_connections(BudgetOf(config, id).max_connections);
  }
  if (config.delete_policy) {
    SetDeletePolicy(*config.delete_policy, options,
                    *settings.mutable_delete_policy());
  }
  if (config.sync_policy) {
    SetSyncPolicy(*config.sync_policy, options,
                  *settings.mutable_sync_policy());
  }
  return settings;
}

}  // namespace registry_manager
