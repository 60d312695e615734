// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_DELETE_CONFLICT_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_DELETE_CONFLICT_H_

#include <set>
#include <string>
#include <vector>

#include "proto/task.pb.h"

namespace registry_manager {

// Returns a note if a sync brings tags that the delete policy takes away again
// from the target: they would be copied and deleted in every run. Creation
// times are not read. If the policy needs them in order to doom a tag, the tag
// is not in the note. Empty: there is nothing to say. Pure.
std::string SyncDeleteConflict(const proto::DeletePolicy& policy,
                               const std::set<std::string>& target_tags,
                               const std::vector<std::string>& brought);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_DELETE_CONFLICT_H_
