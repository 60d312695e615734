// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_LOOK_AGE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_LOOK_AGE_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/os/boot_time.h"

namespace registry_manager {

// A request that takes something away rests on a look at it. Between the two it
// may wait for a connection, for the rate, or because the registry asked for
// patience: what is too old by then is not sent.

// How long the look at one tag counts.
inline constexpr absl::Duration kTagLookLasts = absl::Seconds(5);
// How often a tag is looked at anew because its request came too late.
inline constexpr int kMaxTagLooks = 8;

// For RegistryRequest::before_send, by BootTime(). OutOfRange: the look that
// lasts until then is too old. (An error of a code that is worth another try would be sent
// again.)
inline absl::Status CheckLookLasts(absl::Time until) {
  return BootTime() <= until
             ? absl::OkStatus()
             : absl::OutOfRangeError(
                   "the request came so late that everything has to be looked "
                   "at again; lower max-connections, or raise "
                   "requests-per-second");
}

// True if CheckLookLasts() held a request back: nothing was sent.
inline bool CameTooLate(const absl::Status& status) {
  return absl::IsOutOfRange(status) && !RequestMayHaveArrived(status);
}

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_LOOK_AGE_H_
