// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/delete_policy_section.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/config/map_reader.h"
#include "common/config/pattern_keys.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr int kMost = 1'000'000'000;

std::vector<std::string> ReadRegistryNames(const MapReader& policy,
                                           const RegistryIndex& registries) {
  constexpr absl::string_view kForm =
      "write a list with at least one name of a registry";
  std::vector<std::string> names;
  const YamlNode* list = policy.RequiredList("registries", kForm);
  if (list == nullptr) return names;
  if (list->items.empty()) {
    policy.errors()->Add(list->at,
                         absl::StrCat("'registries' is empty; ", kForm));
  }
  absl::flat_hash_set<std::string> seen;
  for (const std::shared_ptr<const YamlNode>& item : list->items) {
    const RegistryConfig* registry =
        registries.Resolve("an entry of 'registries'", *item, policy.errors());
    if (registry == nullptr) continue;
    if (!seen.insert(registry->name).second) {
      policy.errors()->Add(item->at, absl::StrCat("registry '", item->Shown(),
                                                  "' is listed already; name "
                                                  "each registry once"));
      continue;
    }
    if (registry->layout) {
      policy.errors()->Add(
          item->at,
          absl::StrCat("'", item->Shown(),
                       "' is a folder, from which nothing can be "
                       "deleted; it can only be a target under 'to'"));
      continue;
    }
    names.push_back(registry->name);
  }
  return names;
}

TagPatternConfig ReadTagPattern(const MapReader& tags, absl::string_view key) {
  TagPatternConfig pattern;
  const YamlNode* node = tags.Find(key);
  if (node == nullptr) return pattern;
  const MapReader reader(*node, absl::StrCat("'", key, "'"), {"keys", "regex"},
                         tags.errors());
  pattern.keys = ReadTagKeys(reader, "keys");
  if (const YamlNode* regex = reader.Scalar(
          "regex", "write one regular expression, and join several by '|'")) {
    pattern.regex = ReadRegex(*regex, "'regex'", tags.errors());
  }
  return pattern;
}

}  // namespace

DeletePolicyConfig ReadDeletePolicy(const YamlNode& node,
                                    const RegistryIndex& registries,
                                    ErrorList* errors) {
  DeletePolicyConfig policy;
  const MapReader reader(
      node, "'delete-policy'",
      {"registries", "start", "dry-run", "mix-count", "sem-ver", "tags",
       "shared-digest", "dangling-tags", "undated"},
      errors);
  policy.registries = ReadRegistryNames(reader, registries);
  policy.start = reader.Int("start", policy.start, 0, kMost);
  policy.dry_run = reader.Bool("dry-run", policy.dry_run);
  policy.mix_count = reader.Int("mix-count", policy.mix_count, 0, kMost);
  policy.sem_ver = reader.Bool("sem-ver", policy.sem_ver);
  policy.shared_digest = reader.Choice<SharedDigest>(
      "shared-digest", policy.shared_digest,
      {{"untag", SharedDigest::kUntag}, {"keep", SharedDigest::kKeep}});
  policy.dangling_tags =
      reader.Choice<DanglingTags>("dangling-tags", policy.dangling_tags,
                                  {{"stop", DanglingTags::kStop},
                                   {"keep", DanglingTags::kKeep},
                                   {"remove", DanglingTags::kRemove}});
  policy.undated = reader.Choice<Undated>(
      "undated", policy.undated,
      {{"keep", Undated::kKeep}, {"oldest", Undated::kOldest}});
  if (const YamlNode* tags = reader.Find("tags")) {
    const MapReader tags_reader(*tags, "'tags'", {"include", "exclude"},
                                errors);
    policy.include = ReadTagPattern(tags_reader, "include");
    policy.exclude = ReadTagPattern(tags_reader, "exclude");
  }
  return policy;
}

}  // namespace registry_manager
