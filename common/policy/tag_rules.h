// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_TAG_RULES_H_
#define REGISTRY_MANAGER_COMMON_POLICY_TAG_RULES_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace registry_manager {

// Texts and one regular expression that a tag is compared with. Immutable and
// thread-safe.
class TagPattern {
 public:
  // `keys` are literal, case-sensitive; empty ones match nothing. `regex` is
  // RE2 syntax, unanchored; empty matches nothing. InvalidArgument says why a
  // regular expression does not compile.
  static absl::StatusOr<TagPattern> Create(std::vector<std::string> keys,
                                           absl::string_view regex);

  // The first reason why `tag` matches: `contains "develop"` or `matches /^v/`;
  // nullopt if it does not match.
  std::optional<std::string> Match(absl::string_view tag) const;

 private:
  TagPattern() = default;

  std::vector<std::string> keys_;
  std::shared_ptr<const re2::RE2> regex_;
};

// The rules about which tags a delete policy may take: `include`, `exclude` and
// `sem-ver` (design of the rules: docs/deleting.md). Immutable and thread-safe.
struct TagRules {
  TagPattern include;
  TagPattern exclude;
  bool sem_ver = false;

  struct Verdict {
    bool candidate;
    // The reason: `contains "develop"`, `not a version`, `excluded: matches
    // /^v/`, `a version`, `not included`.
    std::string reason;
  };
  // A candidate is not excluded, and either included or, with sem_ver, not a
  // version. Exclusion always wins.
  Verdict Judge(absl::string_view tag) const;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_TAG_RULES_H_
