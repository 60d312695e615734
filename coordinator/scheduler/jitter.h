// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_JITTER_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_JITTER_H_

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace registry_manager {

// Chooses how long to wait after the n-th failure in a row. The wait is random,
// so that tasks that failed together do not come back together. The same seed
// gives the same waits. Not thread-safe.
class Jitter {
 public:
  explicit Jitter(uint64_t seed) : random_(seed) {}

  // Between zero and `base` doubled with every failure after the first, at most
  // `cap` ("full jitter"): for the many tasks of one registry.
  absl::Duration Full(int failures, absl::Duration base, absl::Duration cap);

  // The upper half of that: for what must not be asked again at once.
  absl::Duration UpperHalf(int failures, absl::Duration base,
                           absl::Duration cap);

 private:
  // In [0, 1).
  double Next();

  std::mt19937_64 random_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_JITTER_H_
