// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_REGISTRY_HEALTH_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_REGISTRY_HEALTH_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "coordinator/scheduler/jitter.h"

namespace registry_manager {

// Knows whether a registry answers. From the first task that could not reach
// the registry until it answers again, one task at a time goes there, after a
// wait that doubles from one second to sixty. After too long a silence the
// registry is given up. Time in which nothing was tried does not give it up:
// that is decided when an attempt fails, the third one at the earliest, and one
// attempt is due when patience ends. Not thread-safe.
class RegistryHealth {
 public:
  RegistryHealth(absl::Duration patience, absl::Duration first_contact_patience)
      : patience_(patience), first_contact_patience_(first_contact_patience) {}

  bool MayTry(absl::Time now) const;
  // A task has been sent there / runs no more, whatever came of it.
  void Began(uint64_t attempt);
  void Finished(uint64_t attempt);

  void Answered();
  // True: patience has ended.
  bool Unreachable(absl::Time now, Jitter& jitter);

  // The time for which it has been silent; zero while it answers.
  absl::Duration Silence(absl::Time now) const;
  // The time since which it has been silent; the infinite future while it
  // answers.
  absl::Time silent_since() const;
  // The time when patience ends; the infinite future while it answers.
  absl::Time deadline() const;
  // The time when the next task may go there; the infinite past while it
  // answers.
  absl::Time next_try() const { return next_try_; }

 private:
  absl::Duration patience_;
  absl::Duration first_contact_patience_;
  bool ever_answered_ = false;
  // In a row.
  int failures_ = 0;
  absl::Time silent_since_ = absl::InfinitePast();
  absl::Time next_try_ = absl::InfinitePast();
  std::optional<uint64_t> probe_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_REGISTRY_HEALTH_H_
