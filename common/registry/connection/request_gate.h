// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_REQUEST_GATE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_REQUEST_GATE_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"

namespace registry_manager {

// The reason why a registry must be spared.
enum class ThrottleReason { kTooManyRequests, kUnavailable, kTimeout };

// Says when a request to one registry may begin: no more at once, and no more a
// second, than this process may send, and none while the registry is parked.
// Thread-safe.
class RequestGate {
 public:
  virtual ~RequestGate() = default;

  // Waits until `requests` requests (one, or two that need each other) may be
  // under way together; each must be given back with Release(). Returns the
  // cancellation's status if that comes first; FailedPrecondition if the
  // registry's limit is lower.
  virtual absl::Status Acquire(int requests, Cancellation* cancellation) = 0;
  // Acquires one request, but returns ResourceExhausted at once if the
  // registry is parked, or is parked before the request's turn comes. For
  // callers that hold something that others want.
  virtual absl::Status AcquireUnlessParked(Cancellation* cancellation) = 0;
  virtual void Release() = 0;
  // Must be called before each further request under one that was acquired,
  // which continues to count as one under way. Waits for the rate only. Returns
  // ResourceExhausted like AcquireUnlessParked.
  virtual absl::Status AwaitRate(Cancellation* cancellation) = 0;

  // The time for which no request may begin, not even one that was acquired
  // before; zero if the registry is not parked.
  virtual absl::Duration ParkedFor() const = 0;
  // The registry asked for patience. `retry_after` is zero if it named no time.
  virtual void Throttled(ThrottleReason reason, absl::Duration retry_after) = 0;
  // The registry answered, whatever the answer was.
  virtual void Answered() = 0;
  // The registry did not answer: no connection, or nothing came within the
  // deadline.
  virtual void NoAnswer() = 0;
};

// Holds an acquired request of a gate for as long as it lives.
class GatePass {
 public:
  GatePass() = default;
  explicit GatePass(RequestGate* gate) : gate_(gate) {}
  ~GatePass() {
    if (gate_ != nullptr) gate_->Release();
  }
  GatePass(GatePass&& other) noexcept { *this = std::move(other); }
  GatePass& operator=(GatePass&& other) noexcept {
    std::swap(gate_, other.gate_);
    std::swap(used_, other.used_);
    return *this;
  }

  // Before each request under it, one after the other: waits for the rate,
  // which was acquired for the first.
  absl::Status BeginRequest(Cancellation* cancellation) {
    return std::exchange(used_, true) ? gate_->AwaitRate(cancellation)
                                      : absl::OkStatus();
  }

 private:
  RequestGate* gate_ = nullptr;
  bool used_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_REQUEST_GATE_H_
