// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/repository_entries.h"

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/reference/reference.h"

namespace registry_manager {
namespace {

std::optional<RepositoryEntry> ReadEntry(const YamlNode& node,
                                         ErrorList* errors) {
  constexpr absl::string_view kEntry = "an entry of 'repositories'";
  constexpr absl::string_view kForm =
      "write NAME or NAME:TAG, without the registry's address";
  if (node.kind == YamlNode::Kind::kMap) {
    errors->Add(node.at, absl::StrCat(kEntry,
                                      " is a mapping; write NAME:TAG with "
                                      "nothing after the ':' but the tag"));
    return std::nullopt;
  }
  if (node.kind != YamlNode::Kind::kScalar) {
    AddWrongValue(kEntry, node, kForm, errors);
    return std::nullopt;
  }
  const absl::string_view text = node.text;
  const auto refuse = [&](absl::string_view why) {
    errors->Add(node.at, absl::StrCat(kEntry, " is '", node.Shown(), "', ", why,
                                      "; ", kForm));
    return std::nullopt;
  };
  if (absl::StrContains(text, '@')) {
    return refuse("and an image is named by its tag here, not by its digest");
  }
  const size_t colon = text.find(':');
  const absl::string_view name = text.substr(0, colon);
  if (!IsRepositoryName(name)) {
    return refuse(
        "which is no repository name (lower-case letters and digits, with one "
        "of . _ - / in between)");
  }
  if (colon == absl::string_view::npos) {
    return RepositoryEntry{std::string(name), ""};
  }
  const absl::string_view tag = text.substr(colon + 1);
  if (!IsTag(tag)) {
    return refuse("and what follows the ':' is no tag");
  }
  return RepositoryEntry{std::string(name), std::string(tag)};
}

}  // namespace

std::optional<std::vector<RepositoryEntry>> ReadRepositories(
    const MapReader& reader) {
  constexpr absl::string_view kForm =
      "write a list of NAME or NAME:TAG, or leave the key out for the whole "
      "catalogue";
  const YamlNode* list = reader.List("repositories", kForm);
  if (list == nullptr) return std::nullopt;
  if (list->items.empty()) {
    reader.errors()->Add(
        list->at, absl::StrCat("'repositories' is an empty list; ", kForm));
  }
  std::vector<RepositoryEntry> entries;
  absl::flat_hash_set<std::string> seen;
  for (const auto& item : list->items) {
    const std::optional<RepositoryEntry> entry =
        ReadEntry(*item, reader.errors());
    // A valid text spells its entry in one way only.
    if (entry && seen.insert(item->text).second) entries.push_back(*entry);
  }
  return entries;
}

}  // namespace registry_manager
