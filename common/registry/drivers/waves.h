// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_WAVES_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_WAVES_H_

#include <functional>
#include <vector>

#include "common/registry/drivers/removal.h"

namespace registry_manager {

// Deletes the images of one wave: fills in the outcome of each, and returns the
// reason why the removal must end, if it must.
using DeleteWave =
    std::function<absl::Status(const std::vector<const ImageToDelete*>& wave,
                               std::vector<ImageOutcome>& outcomes)>;

// Deletes a plan's images wave by wave. An image that stays spares all that it
// leads to; after a wave in which an image came too late, or that ended the
// removal, no other begins. Fills in `images` and `status` of the outcome. The
// rule of the order is the same for every registry; DeleteWave is the driver's.
RemovalOutcome DeleteInWaves(const RemovalPlan& plan,
                             const DeleteWave& delete_wave);

// True if the plan's tags may be dealt with after its images.
bool AllAreGone(const std::vector<ImageOutcome>& images);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_WAVES_H_
