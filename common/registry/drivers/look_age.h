// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_LOOK_AGE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_LOOK_AGE_H_

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/os/boot_time.h"

namespace registry_manager {

// A request that takes something away rests on a look at it. Between the two it
// may wait for a connection, for the rate, or because the registry asked for
// patience. If the look is too old by then, the request is not sent.

// The time for which the look at one tag counts. Each time its request came too
// late, the next look counts twice as long: a slow rate must not hold a tag up
// for ever.
inline constexpr absl::Duration kTagLookLasts = absl::Seconds(5);
// The largest number of looks at a tag whose requests come too late.
inline constexpr int kMaxTagLooks = 8;
inline absl::Duration TagLookLasts(int looks_before) {
  return kTagLookLasts * (1 << std::min(looks_before, kMaxTagLooks));
}

// For RegistryRequest::before_send, by BootTime(). OutOfRange: the look that
// lasts until `until` is too old. (A request that fails with a code that is
// worth another try would be sent again.)
inline absl::Status CheckLookLasts(absl::Time until) {
  return BootTime() <= until
             ? absl::OkStatus()
             : absl::OutOfRangeError(
                   "the request came so late that everything has to be looked "
                   "at again; lower max-connections, or raise "
                   "requests-per-second");
}

// The answer for who must look again before the next request.
inline absl::Status LookAgain(absl::string_view why) {
  return WithRequestNotSent(absl::OutOfRangeError(why));
}

// True if a request was held back, or turned away, and everything must be
// looked at again first: nothing was done.
inline bool CameTooLate(const absl::Status& status) {
  return absl::IsOutOfRange(status) && !RequestMayHaveArrived(status);
}

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_LOOK_AGE_H_
