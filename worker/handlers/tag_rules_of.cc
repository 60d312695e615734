// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/tag_rules_of.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"

namespace registry_manager {
namespace {

absl::StatusOr<TagPattern> PatternOf(const proto::TagPattern& pattern) {
  return TagPattern::Create({pattern.keys().begin(), pattern.keys().end()},
                            pattern.regex());
}

}  // namespace

absl::StatusOr<TagRules> TagRulesOf(const proto::DeletePolicy& policy) {
  ASSIGN_OR_RETURN(TagPattern include, PatternOf(policy.include()));
  ASSIGN_OR_RETURN(TagPattern exclude, PatternOf(policy.exclude()));
  return TagRules{std::move(include), std::move(exclude), policy.sem_ver()};
}

}  // namespace registry_manager
