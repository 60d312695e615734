// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/jitter.h"

#include <algorithm>

namespace registry_manager {
namespace {

absl::Duration Ceiling(int failures, absl::Duration base, absl::Duration cap) {
  // 2^30 seconds exceed every cap; more doublings would overflow.
  const int doublings = std::clamp(failures - 1, 0, 30);
  return std::min(cap, base * (int64_t{1} << doublings));
}

}  // namespace

absl::Duration Jitter::Full(int failures, absl::Duration base,
                            absl::Duration cap) {
  return Ceiling(failures, base, cap) * Next();
}

absl::Duration Jitter::UpperHalf(int failures, absl::Duration base,
                                 absl::Duration cap) {
  return Ceiling(failures, base, cap) * (0.5 + Next() / 2);
}

double Jitter::Next() {
  // The standard fixes what mt19937_64 yields, not what its distributions do.
  return static_cast<double>(random_() >> 11) * 0x1p-53;
}

}  // namespace registry_manager
