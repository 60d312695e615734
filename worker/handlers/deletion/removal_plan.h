// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_REMOVAL_PLAN_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_REMOVAL_PLAN_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/policy/attachment.h"
#include "common/policy/delete_plan.h"
#include "common/registry/drivers/removal.h"
#include "worker/handlers/deletion/deletion_planner.h"

namespace registry_manager {

// The orders that a deletion gives to the driver, made from its plan. Pure.

// The removal of images, which are in the order of their waves.
RemovalPlan PlanImageRemoval(
    const std::vector<const DigestDeletion*>& deletions,
    const Attachments& attachments, absl::Time look_lasts_until);

// A tag that is removed alone, with the tags that stay on its digest.
TagToRemove PlanTagRemoval(const PlannedDeletion& planned,
                           const TagRemoval& removal);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_REMOVAL_PLAN_H_
