// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_RETRY_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_RETRY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/registry/connection/request_gate.h"

namespace registry_manager {

// The time to wait before repetition number `attempt` (from 0): full jitter
// over 0.2 s doubling to 30 s, so that many clients do not come back together.
absl::Duration BackOff(int attempt);

// The time from `now` that the value of a Retry-After header says to wait, at
// most a day; zero if it says nothing, or names a time in the past. RFC 9110,
// section 10.2.3, has seconds and dates. Registries also send seconds or
// milliseconds since 1970, fractions, units ("30s", "1m30s", "1500ms") and
// dates of ISO 8601.
absl::Duration ParseRetryAfter(absl::string_view value, absl::Time now);

// The time that an answer says to wait: with 429, other headers may say when
// the quota is renewed (RateLimit-Reset and its relatives) if Retry-After does
// not.
absl::Duration RetryAfterOf(const HttpResponse& response, absl::Time now);

// Counts how often an operation of several requests is started again: after a
// failure as often as the registry's retries say; a few times if the registry
// asks for patience, or ended the operation without having failed.
class Tries {
 public:
  // `gate` is the registry's.
  Tries(int retries, const RequestGate& gate)
      : retries_(retries), gate_(gate) {}

  // Called after the operation ended with `status`. True if it is worth another
  // try.
  bool Again(const absl::Status& status);
  // It got further than ever before.
  void Progressed() { failures_ = 0; }
  // Repetitions since then, whatever for: for BackOff().
  int count() const { return failures_ + others_; }

 private:
  const int retries_;
  const RequestGate& gate_;
  int failures_ = 0;
  int others_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_RETRY_H_
