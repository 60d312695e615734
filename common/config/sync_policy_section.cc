// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/sync_policy_section.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/config/map_reader.h"
#include "common/config/pattern_keys.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"

namespace registry_manager {
namespace {

constexpr int kMost = 1'000'000'000;
constexpr absl::string_view kToForm =
    "write the name of a registry, or a list of such";

const RegistryConfig* ReadFrom(const MapReader& policy,
                               const RegistryIndex& registries) {
  const YamlNode* node =
      policy.RequiredScalar("from", "write the name of a registry");
  if (node == nullptr) return nullptr;
  const RegistryConfig* from =
      registries.Resolve("'from'", *node, policy.errors());
  if (from != nullptr && from->layout) {
    policy.errors()->Add(
        node->at,
        absl::StrCat("'from' is '", node->Shown(),
                     "', a folder, which can only be a target; copy from a "
                     "registry with an https:// or http:// address"));
  }
  return from;
}

// A target is checked against what else the policy says.
struct TargetRules {
  const RegistryConfig* from;
  SyncEngine engine;
  bool renames;
};

void CheckTarget(const RegistryConfig& target, const YamlNode& node,
                 const TargetRules& rules, ErrorList* errors) {
  if (target.layout && rules.engine != SyncEngine::kSkopeo) {
    errors->Add(node.at,
                absl::StrCat("'to': '", node.Shown(),
                             "' is a folder, which only skopeo writes; add "
                             "'engine: skopeo'"));
  }
  if (rules.from == nullptr || rules.renames) return;
  const bool same_address =
      target.address && target.address == rules.from->address;
  if (&target == rules.from || same_address) {
    errors->Add(node.at,
                absl::StrCat("'to': '", node.Shown(),
                             "' is the registry that 'from' names, and every "
                             "image would be copied onto itself; name another, "
                             "or rename by 'replace'"));
  }
}

std::vector<std::string> ReadTargets(const MapReader& policy,
                                     const RegistryIndex& registries,
                                     const TargetRules& rules) {
  std::vector<std::string> names;
  const YamlNode* to = policy.Find("to");
  if (to == nullptr) {
    policy.Missing("to", kToForm);
    return names;
  }
  std::vector<const YamlNode*> nodes;
  if (to->kind == YamlNode::Kind::kSequence) {
    for (const auto& item : to->items) nodes.push_back(item.get());
    if (nodes.empty()) {
      policy.errors()->Add(to->at, absl::StrCat("'to' is empty; ", kToForm));
    }
  } else {
    nodes.push_back(to);
  }
  absl::flat_hash_set<std::string> seen;
  for (const YamlNode* node : nodes) {
    const RegistryConfig* target =
        registries.Resolve("'to'", *node, policy.errors());
    if (target == nullptr) continue;
    if (!seen.insert(target->name).second) {
      policy.errors()->Add(node->at,
                           absl::StrCat("'to': '", node->Shown(),
                                        "' is listed already; name each "
                                        "target once"));
      continue;
    }
    CheckTarget(*target, *node, rules, policy.errors());
    names.push_back(target->name);
  }
  return names;
}

// Null is an empty text, an absent key an error.
std::optional<std::string> ReadReplaceText(const MapReader& rule,
                                           const YamlNode& node,
                                           absl::string_view key) {
  constexpr absl::string_view kForm =
      "write a part of a name, or '' for an empty one";
  const auto entry = std::find_if(
      node.entries.begin(), node.entries.end(),
      [&](const YamlNode::Entry& each) { return each.key == key; });
  if (entry == node.entries.end()) {
    rule.Missing(key, kForm);
    return std::nullopt;
  }
  if (entry->value->kind == YamlNode::Kind::kNull) return "";
  const YamlNode* text = rule.Scalar(key, kForm);
  return text == nullptr ? std::nullopt : std::optional(text->text);
}

// Whether a repository name can contain `text`.
bool FitsInName(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) ||
           absl::StrContains("/._-", c);
  });
}

void ReadReplaceRule(const YamlNode& node, ErrorList* errors,
                     std::vector<ReplaceRule>* rules) {
  const MapReader reader(node, "an entry of 'replace'", {"old", "new"}, errors);
  const auto old_text = ReadReplaceText(reader, node, "old");
  const auto new_text = ReadReplaceText(reader, node, "new");
  if (!old_text || !new_text) return;
  const YamlNode* new_node = reader.Find("new");
  if (new_node != nullptr && !FitsInName(*new_text)) {
    AddWrongValue("'new'", *new_node,
                  "repository names have only lower-case letters, digits and "
                  "'.', '_', '-', '/'",
                  errors);
  } else if (old_text->empty() && !IsRepositoryName(*new_text)) {
    errors->Add(new_node == nullptr ? node.at : new_node->at,
                "an empty 'old' puts 'new' and '/' before names of one "
                "component; write a repository name as 'new', such as: prod");
  }
  rules->push_back({*old_text, *new_text});
}

std::vector<ReplaceRule> ReadReplace(const MapReader& policy) {
  std::vector<ReplaceRule> rules;
  const YamlNode* list =
      policy.List("replace", "write a list of mappings with the keys old, new");
  if (list == nullptr) return rules;
  for (const auto& item : list->items) {
    ReadReplaceRule(*item, policy.errors(), &rules);
  }
  return rules;
}

std::vector<std::string> ReadFilters(const MapReader& policy) {
  constexpr absl::string_view kForm = "write a list of regular expressions";
  constexpr absl::string_view kEntry = "an entry of 'filters'";
  std::vector<std::string> filters;
  const YamlNode* list = policy.List("filters", kForm);
  if (list == nullptr) return filters;
  for (const auto& item : list->items) {
    if (item->kind != YamlNode::Kind::kScalar || item->text.empty()) {
      AddWrongValue(kEntry, *item,
                    "write a regular expression, or no entry for every tag",
                    policy.errors());
      continue;
    }
    filters.push_back(ReadRegex(*item, kEntry, policy.errors()));
  }
  return filters;
}

}  // namespace

SyncPolicyConfig ReadSyncPolicy(const YamlNode& node,
                                const RegistryIndex& registries,
                                ErrorList* errors) {
  SyncPolicyConfig policy;
  const MapReader reader(node, "'sync-policy'",
                         {"from", "to", "start", "dry-run", "replace",
                          "filters", "force", "engine", "referrers"},
                         errors);
  const RegistryConfig* from = ReadFrom(reader, registries);
  policy.start = reader.Int("start", policy.start, 0, kMost);
  policy.dry_run = reader.Bool("dry-run", policy.dry_run);
  policy.force = reader.Bool("force", policy.force);
  policy.referrers = reader.Bool("referrers", policy.referrers);
  policy.engine = reader.Choice<SyncEngine>(
      "engine", policy.engine,
      {{"native", SyncEngine::kNative}, {"skopeo", SyncEngine::kSkopeo}});
  policy.replace = ReadReplace(reader);
  policy.filters = ReadFilters(reader);
  policy.to = ReadTargets(reader, registries,
                          {from, policy.engine, !policy.replace.empty()});
  if (from != nullptr) policy.from = from->name;
  return policy;
}

}  // namespace registry_manager
