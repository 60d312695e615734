// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/rename.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"

namespace registry_manager {
namespace {

bool Fits(const RenameRule& rule, absl::string_view name) {
  const bool one_component = !absl::StrContains(name, "/");
  if (rule.old_text.empty()) return one_component;
  return !one_component && absl::StrContains(name, rule.old_text);
}

// `rule` fits `name`.
std::string Apply(const RenameRule& rule, absl::string_view name) {
  if (rule.old_text.empty()) return absl::StrCat(rule.new_text, "/", name);
  const size_t at = name.find(rule.old_text);
  return absl::StrCat(name.substr(0, at), rule.new_text,
                      name.substr(at + rule.old_text.size()));
}

}  // namespace

absl::StatusOr<std::string> RenameRepository(
    absl::string_view name, const std::vector<RenameRule>& rules) {
  for (const RenameRule& rule : rules) {
    if (!Fits(rule, name)) continue;
    std::string renamed = Apply(rule, name);
    if (IsRepositoryName(renamed)) return renamed;
    return absl::InvalidArgumentError(absl::StrCat(
        "the rule (old: '", Printable(rule.old_text), "', new: '",
        Printable(rule.new_text), "') makes '", Printable(renamed),
        "' of repository '", Printable(name),
        "', which no registry accepts: a name is at most 255 characters of "
        "lower-case letters, digits, '.', '_' and '-', in components that "
        "begin and end with a letter or digit and are joined by '/'; change "
        "sync-policy.replace"));
  }
  return std::string(name);
}

}  // namespace registry_manager
