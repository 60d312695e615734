// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/tag_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/regex.h"
#include "common/policy/version.h"
#include "common/reference/printable.h"
#include "re2/re2.h"

namespace registry_manager {

absl::StatusOr<TagPattern> TagPattern::Create(std::vector<std::string> keys,
                                              absl::string_view regex) {
  TagPattern pattern;
  pattern.keys_ = std::move(keys);
  pattern.keys_.erase(
      std::remove(pattern.keys_.begin(), pattern.keys_.end(), ""),
      pattern.keys_.end());
  if (!regex.empty()) {
    auto compiled = CompileRegex(regex);
    if (!compiled.ok()) return compiled.status();
    pattern.regex_ = *std::move(compiled);
  }
  return pattern;
}

std::optional<std::string> TagPattern::Match(absl::string_view tag) const {
  for (const std::string& key : keys_) {
    if (absl::StrContains(tag, key)) {
      return absl::StrCat("contains \"", Printable(key), "\"");
    }
  }
  if (regex_ != nullptr && Matches(*regex_, tag)) {
    return absl::StrCat("matches /", Printable(regex_->pattern()), "/");
  }
  return std::nullopt;
}

TagRules::Verdict TagRules::Judge(absl::string_view tag) const {
  // Guard: exclusion-wins
  if (auto why = exclude.Match(tag)) {
    return {false, absl::StrCat("excluded: ", *why)};
  }
  if (auto why = include.Match(tag)) return {true, *std::move(why)};
  if (!sem_ver) return {false, "not included"};
  if (Version::Parse(tag)) return {false, "a version"};
  return {true, "not a version"};
}

}  // namespace registry_manager
