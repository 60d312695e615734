// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_GRANTS_FAKE_CLOCK_H_
#define REGISTRY_MANAGER_WORKER_GRANTS_FAKE_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "worker/grants/clock.h"

namespace registry_manager {

// A clock that goes on only when it is told to. Thread-safe.
class FakeClock : public Clock {
 public:
  absl::Duration Now() const override { return absl::Nanoseconds(ns_.load()); }
  void Advance(absl::Duration time) { ns_ += absl::ToInt64Nanoseconds(time); }

 private:
  std::atomic<int64_t> ns_ = 1'000'000'000'000;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_GRANTS_FAKE_CLOCK_H_
