// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/registry_index.h"

#include "absl/strings/str_cat.h"
#include "common/config/map_reader.h"
#include "common/config/nearest_name.h"

namespace registry_manager {

RegistryIndex::RegistryIndex(const std::vector<RegistryConfig>& registries) {
  for (const RegistryConfig& registry : registries) {
    names_.push_back(registry.name);
    by_name_.emplace(registry.name, &registry);
  }
}

const RegistryConfig* RegistryIndex::Resolve(absl::string_view what,
                                             const YamlNode& node,
                                             ErrorList* errors) const {
  if (node.kind != YamlNode::Kind::kScalar) {
    AddWrongValue(what, node, "write the name of a registry", errors);
    return nullptr;
  }
  const auto found = by_name_.find(node.text);
  if (found != by_name_.end()) return found->second;
  std::string advice;
  if (names_.empty()) {
    advice = "; describe it under 'registries'";
  } else if (!errors->full()) {
    advice = SuggestName(node.text, names_, "those under 'registries' are");
  }
  errors->Add(node.at, absl::StrCat(what, " is '", node.Shown(),
                                    "', and no registry is called so", advice));
  return nullptr;
}

}  // namespace registry_manager
