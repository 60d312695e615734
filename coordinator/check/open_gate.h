// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CHECK_OPEN_GATE_H_
#define REGISTRY_MANAGER_COORDINATOR_CHECK_OPEN_GATE_H_

#include <algorithm>
#include <mutex>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/registry/connection/request_gate.h"

namespace registry_manager {

// For a few requests, one after the other: lets each through when the registry
// no longer asks for patience. Cancels everything if it asks for more than a
// minute: a person waits for the check. Thread-safe.
class OpenGate : public RequestGate {
 public:
  explicit OpenGate(Cancellation* check) : check_(check) {}

  absl::Status Acquire(int /*requests*/, Cancellation* cancellation) override {
    return cancellation->SleepFor(ParkedFor());
  }
  absl::Status AcquireUnlessParked(Cancellation* cancellation) override {
    return Acquire(1, cancellation);
  }
  void Release() override {}
  absl::Status AwaitRate(Cancellation* cancellation) override {
    return cancellation->status();
  }
  absl::Duration ParkedFor() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::max(parked_until_ - absl::Now(), absl::ZeroDuration());
  }
  void Throttled(ThrottleReason /*reason*/,
                 absl::Duration retry_after) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    parked_until_ = std::max(parked_until_, absl::Now() + retry_after);
    if (retry_after <= kMaxPatience) return;
    check_->Cancel(absl::UnavailableError(absl::StrCat(
        "the registry asked for no request until ",
        absl::FormatTime("%H:%M:%S", parked_until_, absl::LocalTimeZone()),
        " (Retry-After): check again then")));
  }
  void Answered() override {}
  void NoAnswer() override {}

 private:
  static constexpr absl::Duration kMaxPatience = absl::Minutes(1);

  Cancellation* const check_;
  mutable std::mutex mutex_;
  absl::Time parked_until_ = absl::InfinitePast();
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CHECK_OPEN_GATE_H_
