// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/settings.h"

#include <algorithm>
#include <utility>

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
  registry.set_username(config.username);
  registry.set_password(config.password);
  registry.set_password_file(config.password_file);
  registry.set_auth_file(config.auth_file);
  registry.set_insecure(config.insecure);
  registry.set_ca_file(config.ca_file);
  registry.set_client_cert(config.client_cert);
  registry.set_client_key(config.client_key);
  registry.set_max_connections(config.max_connections);
  registry.set_listing_timeout_ms(
      absl::ToInt64Milliseconds(config.listing_timeout));
  return registry;
}

bool HasCredentials(const proto::Registry& registry) {
  return !registry.username().empty() || !registry.auth_file().empty();
}

// Two entries with one address are one registry: the first with credentials,
// and the lower limit.
void AddRegistry(const RegistryConfig& config, proto::RunSettings& settings) {
  proto::Registry registry = RegistryOf(config);
  for (proto::Registry& known : *settings.mutable_registries()) {
    if (known.id() != registry.id()) continue;
    const uint32_t connections =
        std::min(known.max_connections(), registry.max_connections());
    if (!HasCredentials(known) && HasCredentials(registry)) {
      known = std::move(registry);
    }
    known.set_max_connections(connections);
    return;
  }
  *settings.add_registries() = std::move(registry);
}

}  // namespace

proto::RunSettings SettingsOf(const Config& config, const RunOptions& options,
                              const std::string& run, int retries,
                              bool details) {
  proto::RunSettings settings;
  settings.set_run(run);
  settings.set_retries(retries);
  settings.set_details(details);
  for (const RegistryConfig& registry : config.registries) {
    AddRegistry(registry, settings);
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
