// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_INTENT_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_INTENT_H_

#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/policy/delete_plan.h"
#include "proto/task.pb.h"

namespace registry_manager {

// What is journalled before a plan is carried out. Of what is `gone` already it
// holds what still leads to something that goes. `untagged` are the plan's
// manifests whose doomed tags have gone already.
proto::Intent IntentOf(const RepositorySnapshot& snapshot,
                       const DeletePlan& plan, const std::vector<Digest>& gone,
                       const std::vector<Digest>& untagged,
                       const std::vector<std::string>& dangling);

// What an earlier attempt, which was cut short, was about to do.
struct EarlierIntent {
  explicit EarlierIntent(const proto::Intent& intent);
  EarlierIntent() = default;

  std::vector<IntendedDeletion> deletions;
  // Those of them that doomed tags pointed at.
  absl::flat_hash_set<Digest> roots;
  // To be removed alone.
  std::vector<ResolvedTag> removals;
  // All its tags: where one dangles, that is its doing.
  std::set<std::string> tags;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_INTENT_H_
