// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/work_stream.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/reference/digest.h"

namespace registry_manager {
namespace {

bool WantsSync(Verb verb) { return verb != Verb::kDelete; }
bool WantsDelete(Verb verb) { return verb != Verb::kSync; }

bool IsDry(const RunOptions& options, bool configured) {
  return options.verb == Verb::kPlan || options.dry_run.value_or(configured);
}

// `repositories` by repository: an entry with a tag and one without both count.
std::optional<std::vector<proto::RepositoryEntry>> EntriesOf(
    const RegistryConfig& registry) {
  if (!registry.repositories) return std::nullopt;
  std::vector<proto::RepositoryEntry> entries;
  absl::flat_hash_map<std::string, size_t> places;
  for (const RepositoryEntry& named : *registry.repositories) {
    const auto [place, is_new] =
        places.try_emplace(named.repository, entries.size());
    if (is_new) entries.emplace_back().set_repository(named.repository);
    proto::RepositoryEntry& entry = entries[place->second];
    if (named.tag.empty()) {
      entry.set_whole(true);
    } else {
      entry.add_named(named.tag);
    }
  }
  return entries;
}

bool AreSame(const WorkStream& a, const WorkStream& b) {
  if (a.kind != b.kind || a.registry != b.registry || a.target != b.target ||
      a.entries.has_value() != b.entries.has_value()) {
    return false;
  }
  return !a.entries ||
         std::equal(a.entries->begin(), a.entries->end(), b.entries->begin(),
                    b.entries->end(), [](const auto& one, const auto& other) {
                      return one.SerializeAsString() ==
                             other.SerializeAsString();
                    });
}

// Two entries of a config may be one registry.
void AddOnce(WorkStream stream, std::vector<WorkStream>& streams) {
  for (const WorkStream& known : streams) {
    if (AreSame(known, stream)) return;
  }
  streams.push_back(std::move(stream));
}

std::vector<WorkStream> SyncStreams(const Config& config,
                                    const RunOptions& options) {
  std::vector<WorkStream> streams;
  const SyncPolicyConfig& policy = *config.sync_policy;
  const RegistryConfig& source = *config.FindRegistry(policy.from);
  for (const std::string& target : policy.to) {
    WorkStream stream;
    stream.kind = WorkStream::Kind::kSync;
    stream.registry = RegistryId(source);
    stream.target = RegistryId(*config.FindRegistry(target));
    stream.dry_run = IsDry(options, policy.dry_run);
    stream.entries = EntriesOf(source);
    stream.start = policy.start;
    for (const ReplaceRule& rule : policy.replace) {
      stream.rename.push_back({rule.old_text, rule.new_text});
    }
    // Within one registry a blob that cannot be mounted takes two: its GET
    // and its PUT.
    const int native = stream.registry == stream.target ? 2 : 1;
    stream.connections = policy.engine == SyncEngine::kSkopeo ? 6 : native;
    AddOnce(std::move(stream), streams);
  }
  return streams;
}

void AddDeleteStreams(const Config& config, const RunOptions& options,
                      std::vector<WorkStream>& streams,
                      std::vector<std::string>& notes) {
  const DeletePolicyConfig& policy = *config.delete_policy;
  const bool dry = IsDry(options, policy.dry_run);
  std::set<std::string> spared;
  for (const WorkStream& sync : streams) {
    if (sync.dry_run && !dry && options.verb == Verb::kSubmit) {
      spared.insert(sync.registry);
    }
  }
  for (const std::string& name : policy.registries) {
    const RegistryConfig& registry = *config.FindRegistry(name);
    WorkStream stream;
    stream.kind = WorkStream::Kind::kDelete;
    stream.registry = RegistryId(registry);
    if (spared.contains(stream.registry)) {
      notes.push_back(absl::StrCat(
          "nothing is deleted from ", name,
          ": the sync that would copy it first is a dry run; set dry-run: "
          "false under sync-policy, or delete with the verb delete"));
      continue;
    }
    stream.dry_run = dry;
    stream.entries = EntriesOf(registry);
    stream.start = policy.start;
    AddOnce(std::move(stream), streams);
  }
}

// Every part with its length, so that no two different lists look alike.
class Fingerprint {
 public:
  template <typename T>
  void Add(const T& value) {
    const std::string text = absl::StrCat(value);
    absl::StrAppend(&text_, text.size(), ":", text, ";");
  }
  void Add(const TagPatternConfig& pattern) {
    Add(pattern.keys.size());
    for (const std::string& key : pattern.keys) Add(key);
    Add(pattern.regex);
  }
  void Add(const RegistryConfig& registry) {
    Add(RegistryId(registry));
    Add(registry.repositories.has_value());
    if (!registry.repositories) return;
    Add(registry.repositories->size());
    for (const RepositoryEntry& entry : *registry.repositories) {
      Add(entry.repository);
      Add(entry.tag);
    }
  }
  std::string Take() const { return std::string(Digest::Of(text_).hex()); }

 private:
  std::string text_;
};

void AddDeletePolicy(const Config& config, const RunOptions& options,
                     Fingerprint& fingerprint) {
  const DeletePolicyConfig& policy = *config.delete_policy;
  fingerprint.Add("delete");
  fingerprint.Add(IsDry(options, policy.dry_run));
  fingerprint.Add(policy.mix_count);
  fingerprint.Add(policy.sem_ver);
  fingerprint.Add(policy.include);
  fingerprint.Add(policy.exclude);
  fingerprint.Add(static_cast<int>(policy.shared_digest));
  fingerprint.Add(static_cast<int>(policy.dangling_tags));
  // Runs that were begun before there was this key go on.
  if (policy.undated == Undated::kOldest) fingerprint.Add("undated: oldest");
  fingerprint.Add(policy.registries.size());
  for (const std::string& name : policy.registries) {
    fingerprint.Add(*config.FindRegistry(name));
  }
}

void AddSyncPolicy(const Config& config, const RunOptions& options,
                   Fingerprint& fingerprint) {
  const SyncPolicyConfig& policy = *config.sync_policy;
  fingerprint.Add("sync");
  fingerprint.Add(IsDry(options, policy.dry_run));
  fingerprint.Add(policy.force);
  fingerprint.Add(policy.referrers);
  fingerprint.Add(static_cast<int>(policy.engine));
  fingerprint.Add(policy.replace.size());
  for (const ReplaceRule& rule : policy.replace) {
    fingerprint.Add(rule.old_text);
    fingerprint.Add(rule.new_text);
  }
  fingerprint.Add(policy.filters.size());
  for (const std::string& filter : policy.filters) fingerprint.Add(filter);
  fingerprint.Add(*config.FindRegistry(policy.from));
  fingerprint.Add(policy.to.size());
  for (const std::string& name : policy.to) {
    fingerprint.Add(RegistryId(*config.FindRegistry(name)));
  }
}

}  // namespace

bool IsKept(Verb verb) { return verb != Verb::kPlan && verb != Verb::kList; }

const char* VerbName(Verb verb) {
  switch (verb) {
    case Verb::kSubmit:
      return "submit";
    case Verb::kPlan:
      return "plan";
    case Verb::kList:
      return "list";
    case Verb::kDelete:
      return "delete";
    case Verb::kSync:
      return "sync";
  }
  return "";
}

const char* WorkStream::policy_name() const {
  switch (kind) {
    case Kind::kSync:
      return "sync";
    case Kind::kDelete:
      return "delete";
    case Kind::kList:
      return "list";
  }
  return "";
}

std::vector<std::string> WorkStream::registries() const {
  if (target.empty() || target == registry) return {registry};
  return {registry, target};
}

proto::StreamName WorkStream::name() const {
  proto::StreamName name;
  name.set_policy(policy_name());
  name.set_registry(registry);
  name.set_target(target);
  return name;
}

std::string RegistryId(const RegistryConfig& registry) {
  if (registry.address) return registry.address->str();
  return absl::StrCat(
      registry.layout->kind == LayoutTarget::Kind::kOci ? "oci:" : "dir:",
      registry.layout->path);
}

std::vector<WorkStream> StreamsOf(const Config& config,
                                  const RunOptions& options,
                                  std::vector<std::string>& notes) {
  std::vector<WorkStream> streams;
  if (options.verb == Verb::kList) {
    for (const RegistryConfig& registry : config.registries) {
      if (!registry.address) continue;
      WorkStream stream;
      stream.kind = WorkStream::Kind::kList;
      stream.registry = RegistryId(registry);
      stream.entries = EntriesOf(registry);
      AddOnce(std::move(stream), streams);
    }
    return streams;
  }
  if (config.sync_policy && WantsSync(options.verb)) {
    streams = SyncStreams(config, options);
  }
  if (config.delete_policy && WantsDelete(options.verb)) {
    AddDeleteStreams(config, options, streams, notes);
  }
  return streams;
}

void OrderStreams(std::vector<WorkStream>& streams) {
  for (WorkStream& stream : streams) {
    stream.after.clear();
    if (stream.kind != WorkStream::Kind::kDelete) continue;
    for (size_t i = 0; i < streams.size(); ++i) {
      const WorkStream& other = streams[i];
      if (other.kind == WorkStream::Kind::kSync &&
          (other.registry == stream.registry ||
           other.target == stream.registry)) {
        stream.after.push_back(i);
      }
    }
  }
}

std::string IdentityOf(const Config& config, const RunOptions& options) {
  Fingerprint fingerprint;
  fingerprint.Add(VerbName(options.verb));
  if (config.sync_policy && WantsSync(options.verb)) {
    AddSyncPolicy(config, options, fingerprint);
  }
  if (config.delete_policy && WantsDelete(options.verb)) {
    AddDeletePolicy(config, options, fingerprint);
  }
  return fingerprint.Take();
}

std::string RepositoryId(const std::string& registry,
                         const std::string& repository) {
  return absl::StrCat(registry, "/", repository);
}

}  // namespace registry_manager
