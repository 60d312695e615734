// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/settings.h"

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

}  // namespace

proto::RunSettings SettingsOf(const Config& config, const RunOptions& options,
                              const std::string& run, int retries,
                              bool details) {
  proto::RunSettings settings;
  settings.set_run(run);
  settings.set_retries(retries);
  settings.set_details(details);
  for (const RegistryConfig& from : config.registries) {
    proto::Registry& registry = *settings.add_registries();
    registry.set_id(RegistryId(from));
    registry.set_name(from.name);
    registry.set_username(from.username);
    registry.set_password(from.password);
    registry.set_auth_file(from.auth_file);
    registry.set_insecure(from.insecure);
    registry.set_ca_file(from.ca_file);
    registry.set_client_cert(from.client_cert);
    registry.set_client_key(from.client_key);
    registry.set_max_connections(from.max_connections);
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
