// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/removal_plan.h"

#include "common/reference/digest.h"

namespace registry_manager {

RemovalPlan PlanImageRemoval(
    const std::vector<const DigestDeletion*>& deletions,
    const Attachments& attachments, absl::Time look_lasts_until) {
  RemovalPlan plan;
  plan.look_lasts_until = look_lasts_until;
  std::vector<Digest> next;
  for (const DigestDeletion* one : deletions) {
    plan.images.push_back({one->digest, one->tags, one->wave});
    next.push_back(one->digest);
  }
  while (!next.empty()) {
    const auto [entry, is_new] =
        plan.leads_to.try_emplace(next.back(), std::vector<Digest>());
    next.pop_back();
    if (!is_new) continue;
    entry->second = attachments.Of(entry->first);
    next.insert(next.end(), entry->second.begin(), entry->second.end());
  }
  return plan;
}

TagToRemove PlanTagRemoval(const PlannedDeletion& planned,
                           const TagRemoval& removal) {
  TagToRemove result{removal.tag, removal.digest};
  for (const auto& [tag, state] : planned.states) {
    if (state.digest == removal.digest && !planned.doomed.contains(tag)) {
      result.kept_tags.push_back(tag);
    }
  }
  return result;
}

}  // namespace registry_manager
