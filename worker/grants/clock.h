// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_GRANTS_CLOCK_H_
#define REGISTRY_MANAGER_WORKER_GRANTS_CLOCK_H_

#include "absl/time/time.h"

namespace registry_manager {

// The clock that measures leases. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Time since some moment in the past; never goes backwards, and counts the
  // time for which the machine was suspended.
  virtual absl::Duration Now() const = 0;
};

// CLOCK_BOOTTIME.
class BoottimeClock : public Clock {
 public:
  absl::Duration Now() const override;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_GRANTS_CLOCK_H_
