// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/clock.h"

#include <time.h>

namespace registry_manager {

absl::Duration BoottimeClock::Now() const {
  timespec time = {};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace registry_manager
