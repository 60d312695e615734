// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_FORGET_RUNS_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_FORGET_RUNS_H_

#include <string>
#include <vector>

#include "coordinator/journal/journal.h"
#include "coordinator/records/retention.h"
#include "coordinator/records/state_folder.h"

namespace registry_manager {

struct Forgotten {
  StoredRun run;
  // "named", or the limit that it was beyond.
  std::string limit;
  // "done", "planned", "failed".
  std::string result;
  std::string reason;
};

// Removes the run, unless it may not go or `dry_run`.
Forgotten ForgetRun(const StateFolder& folder, const RunToForget& doomed,
                    bool dry_run);

// Removes the runs beyond `limits`. Returns sentences about what was done;
// none if there was nothing to do.
std::vector<std::string> ForgetOldRuns(const StateFolder& folder,
                                       Journal& journal,
                                       const RunLimits& limits);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_FORGET_RUNS_H_
