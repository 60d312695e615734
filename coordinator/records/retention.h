// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_RETENTION_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_RETENTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace registry_manager {

// Limits for what is kept of earlier runs. Pure.

struct RunLimits {
  // The number of runs that are kept: the latest ones, unfinished ones
  // included.
  int runs = 100;
  // The number of days since a run's last update.
  int days = 90;
  // The space that all runs together may take.
  uint64_t bytes = uint64_t{2} << 30;
};

// "at most 100 runs, 90 days and 2.0 GiB".
std::string LimitsText(const RunLimits& limits);

// A run in the state folder.
struct StoredRun {
  std::string id;
  // "finished", "abandoned", "interrupted", …, as `runs --json` has it.
  std::string state;
  // The time of its last update.
  int64_t updated_unix = 0;
  uint64_t bytes = 0;
  // The reason why it must stay; empty: it may go.
  std::string held;
};

struct RunToForget {
  StoredRun run;
  // The limit that it exceeds: "runs", "days" or "bytes".
  std::string limit;
};

// Returns the runs that exceed the limits and may go, the oldest first. `runs`
// must have the latest first. A run that is held counts, but it stays.
std::vector<RunToForget> BeyondLimits(const std::vector<StoredRun>& runs,
                                      const RunLimits& limits, absl::Time now);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_RETENTION_H_
