// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/attempts.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/retry.h"

namespace registry_manager {
namespace {

// The largest number of waits of one request because the registry is
// overloaded. The second limit counts if the registry said how long to wait.
constexpr int kMaxThrottles = 6;
constexpr int kMaxToldThrottles = 20;
constexpr absl::string_view kThrottledPayload = "registry-manager/throttled";

bool IsTransient(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501);
}

}  // namespace

absl::Duration TellGate(const HttpResponse& response, RequestGate& gate) {
  const absl::Duration retry_after = RetryAfterOf(response, absl::Now());
  if (response.status == 429) {
    gate.Throttled(ThrottleReason::kTooManyRequests, retry_after);
  } else if (response.status == 503) {
    gate.Throttled(ThrottleReason::kUnavailable, retry_after);
  }
  return retry_after;
}

bool IsThrottling(int status, absl::Duration retry_after) {
  return status == 429 || (status == 503 && retry_after > absl::ZeroDuration());
}

absl::Status WithThrottled(absl::Status status) {
  status.SetPayload(kThrottledPayload, absl::Cord("1"));
  return status;
}

bool Attempts::Again(const absl::StatusOr<HttpResponse>& outcome) {
  if (outcome.ok()) {
    gate_.Answered();
    return AgainAfterAnswer(*outcome);
  }
  return AgainAfterError(outcome.status());
}

bool Attempts::AgainAfterAnswer(const HttpResponse& response) {
  if (!IsTransient(response.status)) return false;
  const absl::Duration retry_after = TellGate(response, gate_);
  if (!request_.repeatable) return false;
  return IsThrottling(response.status, retry_after) ? WaitThrottled(retry_after)
                                                    : Wait();
}

bool Attempts::AgainAfterError(const absl::Status& status) {
  if (!task_.cancellation().status().ok()) return false;
  if (absl::IsDeadlineExceeded(status)) {
    gate_.Throttled(ThrottleReason::kTimeout, absl::ZeroDuration());
  }
  if (absl::IsDeadlineExceeded(status) || IsNoAnswer(status)) {
    gate_.NoAnswer();
  }
  // A source cannot be used after its exchange, even if no byte was sent.
  if (request_.has_source) return false;
  if (status.GetPayload(kThrottledPayload).has_value()) {
    return request_.repeatable && WaitThrottled(absl::ZeroDuration());
  }
  const bool not_sent = !RequestMayHaveArrived(status);
  const bool timed_out = absl::IsDeadlineExceeded(status) && !not_sent;
  if (timed_out && request_.outlives_timeout) return false;
  if (absl::IsResourceExhausted(status)) {
    return not_sent && WaitThrottled(absl::ZeroDuration());
  }
  const bool lost = absl::IsUnavailable(status) ||
                    absl::IsDeadlineExceeded(status) ||
                    absl::IsDataLoss(status);
  // A caller that takes a body in parts counts the tries of all parts itself.
  const bool may_repeat = not_sent && !request_.has_sink;
  return lost && (may_repeat || request_.repeatable) && Wait();
}

bool Attempts::Wait() {
  if (tries_ >= retries_) return false;
  return task_.cancellation().SleepFor(BackOff(tries_++)).ok();
}

bool Attempts::WaitThrottled(absl::Duration retry_after) {
  const absl::Duration told = std::max(gate_.ParkedFor(), retry_after);
  const bool was_told = told > absl::ZeroDuration();
  if (throttles_ >= (was_told ? kMaxToldThrottles : kMaxThrottles)) {
    return false;
  }
  // A little after it, each at its own time.
  const absl::Duration wait =
      was_told ? told + BackOff(0) : BackOff(2 + throttles_);
  ++throttles_;
  const absl::Time begun = absl::Now();
  const bool slept = task_.cancellation().SleepFor(wait).ok();
  task_.CountThrottled(absl::Now() - begun);
  return slept;
}

}  // namespace registry_manager
