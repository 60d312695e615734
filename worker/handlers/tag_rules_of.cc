// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/tag_rules_of.h"

#include <string>
#include <utility>
#include <vector>

namespace registry_manager {
namespace {

absl::StatusOr<TagPattern> PatternOf(const proto::TagPattern& pattern) {
  return TagPattern::Create({pattern.keys().begin(), pattern.keys().end()},
                            pattern.regex());
}

}  // namespace

absl::StatusOr<TagRules> TagRulesOf(const proto::DeletePolicy& policy) {
  absl::StatusOr<TagPattern> include = PatternOf(policy.include());
  if (!include.ok()) return include.status();
  absl::StatusOr<TagPattern> exclude = PatternOf(policy.exclude());
  if (!exclude.ok()) return exclude.status();
  return TagRules{*std::move(include), *std::move(exclude), policy.sem_ver()};
}

}  // namespace registry_manager
