// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_WAVES_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_WAVES_H_

#include <functional>
#include <vector>

#include "common/registry/drivers/removal.h"

namespace registry_manager {

// Deletes the images of one wave: fills in one outcome for each, and returns
// why the removal must end, if it must.
using DeleteWave =
    std::function<absl::Status(const std::vector<ImageToDelete>& wave,
                               std::vector<ImageOutcome>& wave_outcomes)>;

// Deletes a plan's images wave by wave. An image that stays spares all that it
// leads to; after a wave in which an image came too late, or that ended the
// removal, no other begins. Fills in `images` and `status` of the outcome. The
// rule of the order is the same for every registry; DeleteWave is the driver's.
RemovalOutcome DeleteInWaves(const std::vector<ImageToDelete>& images,
                             const DeleteWave& delete_wave);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_WAVES_H_
