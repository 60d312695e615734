// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_INTENT_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_INTENT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/policy/delete_plan.h"
#include "common/registry/driver.h"
#include "proto/task.pb.h"
#include "worker/handlers/outcome.h"

namespace registry_manager {

// What is journalled before a plan is carried out.
proto::Intent IntentOf(const RepositorySnapshot& snapshot,
                       const DeletePlan& plan,
                       const std::vector<std::string>& dangling);

// Finishes what an attempt with that intent left half done: children, referrers
// and signature-like tags of what is gone already, and tags that dangle. An
// image that is still whole is left to the next plan, which the policy of today
// makes: nothing that it keeps is lost to a plan of yesterday.
absl::Status FinishIntent(const proto::Intent& intent, RepositoryDriver& driver,
                          OutcomeBuilder& outcome);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_INTENT_H_
