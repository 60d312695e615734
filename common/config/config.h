// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_CONFIG_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/reference/address.h"

namespace registry_manager {

// The typed form of a config.yml: what a user asked for, checked, with every
// default filled in. A value type. docs/config.md describes each key.

// An entry under `repositories`: a repository, or one image of it.
struct RepositoryEntry {
  std::string repository;
  // Empty: the whole repository.
  std::string tag;

  friend bool operator==(const RepositoryEntry&,
                         const RepositoryEntry&) = default;
};

// A target that is not a registry, written as `registry: oci:/path` or
// `dir:/path`. Only the skopeo engine writes to such targets, from local
// workers.
struct LayoutTarget {
  enum class Kind { kOci, kDir };
  Kind kind;
  std::string path;

  friend bool operator==(const LayoutTarget&, const LayoutTarget&) = default;
};

struct RegistryConfig {
  // The name under `registries`, unique in a config.
  std::string name;
  // Exactly one of these two is set.
  std::optional<Address> address;
  std::optional<LayoutTarget> layout;

  // If both are empty, access is anonymous or uses the credentials in
  // `auth-file` or docker's config.json. One is never set without the other,
  // and neither is set together with `auth-file`.
  std::string username;
  std::string password;
  // The file that the password was read from, if any.
  std::string password_file;
  // True if the password is in the config itself, not in a file or the
  // environment.
  bool password_in_config = false;
  // A docker config.json to read credentials from, instead of the default one.
  std::string auth_file;

  bool insecure = false;
  std::string ca_file;
  std::string client_cert;
  std::string client_key;

  // The limits on requests at once and on requests per second, for all workers
  // together.
  int max_connections = 16;
  // Absent if there is no limit.
  std::optional<double> requests_per_second;
  // The longest wait for the first byte of a catalogue or of a list of tags.
  absl::Duration listing_timeout = absl::Minutes(10);

  // Absent: the whole catalogue. Never empty when present.
  std::optional<std::vector<RepositoryEntry>> repositories;
};

// `keys` and `regex` of `include` or `exclude`.
struct TagPatternConfig {
  // Trimmed, none empty.
  std::vector<std::string> keys;
  // RE2 syntax, known to compile. Empty: matches nothing.
  std::string regex;
};

enum class SharedDigest { kUntag, kKeep };
// A candidate whose image has no date stays, or counts as the oldest.
enum class Undated { kKeep, kOldest };
enum class DanglingTags { kStop, kKeep, kRemove };

struct DeletePolicyConfig {
  // Names of registries, in the order of the file, none twice.
  std::vector<std::string> registries;
  int start = 0;
  bool dry_run = true;
  int mix_count = 10;
  bool sem_ver = false;
  TagPatternConfig include;
  TagPatternConfig exclude;
  SharedDigest shared_digest = SharedDigest::kUntag;
  DanglingTags dangling_tags = DanglingTags::kStop;
  Undated undated = Undated::kKeep;
};

struct ReplaceRule {
  std::string old_text;
  std::string new_text;
};

enum class SyncEngine { kNative, kSkopeo };

struct SyncPolicyConfig {
  std::string from;
  // At least one, none twice.
  std::vector<std::string> to;
  int start = 0;
  bool dry_run = true;
  bool force = false;
  bool referrers = true;
  SyncEngine engine = SyncEngine::kNative;
  std::vector<ReplaceRule> replace;
  // RE2 syntax, known to compile. Empty: every tag.
  std::vector<std::string> filters;
};

struct Config {
  std::vector<RegistryConfig> registries;
  std::optional<DeletePolicyConfig> delete_policy;
  std::optional<SyncPolicyConfig> sync_policy;

  // Null if no registry has that name. Valid as long as this Config.
  const RegistryConfig* FindRegistry(absl::string_view name) const;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_CONFIG_H_
