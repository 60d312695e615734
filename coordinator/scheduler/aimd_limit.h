// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_AIMD_LIMIT_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_AIMD_LIMIT_H_

#include "absl/time/time.h"

namespace registry_manager {

// The number of requests that a registry may get at once. It is halved when the
// registry asks for fewer (once a second at most, because many requests hear of
// the same overload), and grows by one after every ten seconds in which the
// registry did not ask. It stays between 1 and a maximum. Not thread-safe.
class AimdLimit {
 public:
  explicit AimdLimit(int maximum);

  // At the old maximum, or above the new one, the limit is the new one.
  void SetMaximum(int maximum);
  int maximum() const { return maximum_; }
  int current() const { return current_; }

  void Shrink(absl::Time now);
  // Brings the limit up to date.
  void Grow(absl::Time now);
  // The infinite future at the maximum.
  absl::Time NextGrowth() const;

 private:
  int maximum_;
  int current_;
  absl::Time shrunk_ = absl::InfinitePast();
  absl::Time grows_from_ = absl::InfinitePast();
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_AIMD_LIMIT_H_
