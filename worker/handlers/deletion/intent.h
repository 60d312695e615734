// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_INTENT_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_INTENT_H_

#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/policy/delete_plan.h"
#include "proto/task.pb.h"

namespace registry_manager {

// Returns the intent that is journalled before a plan is carried out. Of the
// manifests in `gone`, which are deleted already, it holds those that still
// lead to something that must go. `untagged` are the plan's manifests whose
// doomed tags have gone already.
proto::Intent IntentOf(const RepositorySnapshot& snapshot,
                       const DeletePlan& plan, const std::vector<Digest>& gone,
                       const std::vector<Digest>& untagged,
                       const std::vector<std::string>& dangling);

// The work that an earlier attempt was about to do when it was cut short.
struct EarlierIntent {
  explicit EarlierIntent(const proto::Intent& intent);
  EarlierIntent() = default;

  std::vector<IntendedDeletion> deletions;
  // The manifests in `deletions` that doomed tags pointed at.
  absl::flat_hash_set<Digest> roots;
  // The tags that were to be removed alone.
  std::vector<ResolvedTag> removals;
  // All tags of the intent: if one of them dangles, the earlier attempt did it.
  std::set<std::string> tags;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_INTENT_H_
