// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_BOOT_TIME_H_
#define REGISTRY_MANAGER_COMMON_OS_BOOT_TIME_H_

#include "absl/time/time.h"

namespace registry_manager {

// The time by the clock that leases and deadlines are measured by
// (CLOCK_BOOTTIME): it never goes back, and counts the time for which the
// machine was suspended. Its epoch is the machine's start: such a time is not
// comparable with absl::Now().
absl::Time BootTime();

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_BOOT_TIME_H_
