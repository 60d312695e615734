// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_RETRY_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_RETRY_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace registry_manager {

// How long to wait before repetition number `attempt` (from 0): full jitter
// over 0.2 s doubling to 30 s, so that many clients do not come back together.
absl::Duration BackOff(int attempt);

// The value of a Retry-After header (RFC 9110, section 10.2.3), seconds or a
// date; zero where it is neither, at most a day.
absl::Duration ParseRetryAfter(absl::string_view value, absl::Time now);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_RETRY_H_
