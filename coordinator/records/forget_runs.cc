// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/forget_runs.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "coordinator/records/stored_runs.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

// So many are named in one line.
constexpr size_t kMostNamed = 10;

}  // namespace

Forgotten ForgetRun(const StateFolder& folder, const RunToForget& doomed,
                    bool dry_run) {
  Forgotten told{doomed.run, doomed.limit, "failed", doomed.run.held};
  if (!told.reason.empty()) return told;
  if (dry_run) {
    told.result = "planned";
    return told;
  }
  const absl::StatusOr<bool> removed = RemoveRun(folder, doomed.run.id);
  if (!removed.ok()) {
    told.reason = std::string(removed.status().message());
  } else if (!*removed) {
    told.reason = "another process uses it, or has removed it, just now";
  } else {
    told.result = "done";
  }
  return told;
}

std::vector<std::string> ForgetOldRuns(const StateFolder& folder,
                                       Journal& journal,
                                       const RunLimits& limits) {
  std::vector<std::string> said;
  const absl::StatusOr<std::set<std::string>> in_use = journal.RunsInUse();
  if (!in_use.ok()) {
    return {
        absl::StrCat("old runs are not removed: ", in_use.status().message())};
  }
  SweepForgotten(folder);
  std::vector<std::string> names;
  uint64_t count = 0, bytes = 0;
  for (const RunToForget& doomed :
       BeyondLimits(FindStoredRuns(folder, *in_use), limits, absl::Now())) {
    const Forgotten told = ForgetRun(folder, doomed, /*dry_run=*/false);
    if (told.result != "done") {
      said.push_back(
          absl::StrCat("run ", told.run.id, " is not removed: ", told.reason));
      continue;
    }
    ++count;
    bytes += told.run.bytes;
    if (names.size() < kMostNamed) names.push_back(told.run.id);
  }
  if (count > 0) {
    said.push_back(absl::StrCat(
        "removed ", Plural(count, "old run", "old runs"), " (", Bytes(bytes),
        "): ", absl::StrJoin(names, ", "), count > names.size() ? ", …" : "",
        "; ", LimitsText(limits), " are kept (--keep-runs, --keep-days)"));
  }
  return said;
}

}  // namespace registry_manager
