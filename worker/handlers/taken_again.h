// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_TAKEN_AGAIN_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_TAKEN_AGAIN_H_

#include <set>
#include <string>
#include <vector>

#include "proto/task.pb.h"

namespace registry_manager {

// What to tell where a sync brings tags that the delete policy takes away again
// from the target: they would be copied and deleted in every run. Creation
// times are not asked for: where the cut would need them, nobody is accused.
// Empty: nothing to tell. Pure.
std::string TakenAgainNote(const proto::DeletePolicy& policy,
                           const std::set<std::string>& target_tags,
                           const std::vector<std::string>& brought);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_TAKEN_AGAIN_H_
