// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_RETENTION_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_RETENTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace registry_manager {

// How much is kept of earlier runs. Pure.

struct RunLimits {
  // The latest, unfinished ones among them.
  int runs = 100;
  // Since a run's last news.
  int days = 90;
  // Of all runs together.
  uint64_t bytes = uint64_t{2} << 30;
};

// "at most 100 runs, 90 days and 2.0 GiB".
std::string LimitsText(const RunLimits& limits);

// A run in the state folder.
struct StoredRun {
  std::string id;
  // "finished", "abandoned", "interrupted", …, as `runs --json` has it.
  std::string state;
  // Of its last news.
  int64_t updated_unix = 0;
  uint64_t bytes = 0;
  // Why it must stay; empty: it may go.
  std::string held;
};

struct RunToForget {
  StoredRun run;
  // "runs", "days" or "bytes": the limit that it is beyond.
  std::string limit;
};

// Those of `runs`, which are the latest first, that are beyond the limits and
// may go: the oldest first. A run that is held counts, and stays.
std::vector<RunToForget> BeyondLimits(const std::vector<StoredRun>& runs,
                                      const RunLimits& limits, absl::Time now);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_RETENTION_H_
