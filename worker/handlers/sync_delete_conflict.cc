// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync_delete_conflict.h"

#include "absl/strings/str_cat.h"
#include "common/policy/deletion_selection.h"
#include "common/reference/reference.h"
#include "worker/handlers/tag_rules_of.h"

namespace registry_manager {

std::string SyncDeleteConflict(const proto::DeletePolicy& policy,
                               const std::set<std::string>& target_tags,
                               const std::vector<std::string>& brought) {
  const absl::StatusOr<TagRules> rules = TagRulesOf(policy);
  if (!rules.ok()) return "";
  std::set<std::string> all = target_tags;
  all.insert(brought.begin(), brought.end());
  DeletionRequest request;
  request.mix_count = static_cast<int>(policy.mix_count());
  request.undated_is_oldest = policy.undated_is_oldest();
  const DeletionSelection selection =
      SelectForDeletion({all.begin(), all.end()}, *rules, request, {});
  const std::set<std::string> copied(brought.begin(), brought.end());
  size_t taken = 0;
  std::string example;
  for (const SelectedTag& tag : selection.tags) {
    if (!tag.doomed || !copied.contains(tag.tag)) continue;
    if (taken++ == 0) example = tag.tag;
  }
  if (taken == 0) return "";
  return absl::StrCat("the delete policy takes ", taken, " of the ",
                      brought.size(),
                      " tags that the sync brings away from "
                      "the target again (",
                      example, "); think of filters for the sync");
}

}  // namespace registry_manager
