// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/grants/clock.h"

#include "common/os/boot_time.h"

namespace registry_manager {

absl::Duration BoottimeClock::Now() const {
  return BootTime() - absl::UnixEpoch();
}

}  // namespace registry_manager
