// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/earlier_runs.h"

#include <optional>

#include "common/base/status_macros.h"
#include "coordinator/records/find_run.h"
#include "coordinator/records/recall.h"
#include "coordinator/run/exit_status.h"

namespace registry_manager {

std::vector<std::string> UnfinishedRunsOf(const StateFolder& folder,
                                          const std::string& config,
                                          Verb verb) {
  std::vector<std::string> runs;
  for (const proto::RunSnapshot& snapshot : FindRuns(folder)) {
    if (snapshot.config() != config || snapshot.verb() != VerbName(verb) ||
        !snapshot.retry_of().empty()) {
      continue;
    }
    if (snapshot.state() == proto::RunSnapshot::FINISHED) break;
    if (snapshot.state() == proto::RunSnapshot::INTERRUPTED ||
        snapshot.state() == proto::RunSnapshot::INCOMPLETE) {
      runs.push_back(snapshot.run());
    }
  }
  return runs;
}

absl::Status MarkAbandoned(const StateFolder& folder, const std::string& run) {
  absl::StatusOr<proto::RunSnapshot> snapshot = folder.ReadSnapshot(run);
  if (!snapshot.ok()) return absl::OkStatus();
  snapshot->set_state(proto::RunSnapshot::ABANDONED);
  snapshot->clear_pid();
  return folder.WriteSnapshot(*snapshot);
}

absl::Status MarkFinished(const StateFolder& folder, Run& run) {
  absl::StatusOr<proto::RunSnapshot> snapshot = folder.ReadSnapshot(run.id());
  if (!snapshot.ok()) return absl::OkStatus();
  FailureList failures;
  RETURN_IF_ERROR(Recall(folder.outcomes(run.id()), run, failures));
  proto::RunSnapshot told = run.Snapshot();
  failures.AddTo(told);
  snapshot->mutable_streams()->Swap(told.mutable_streams());
  snapshot->mutable_failures()->Swap(told.mutable_failures());
  snapshot->set_failures_total(told.failures_total());
  *snapshot->mutable_totals() = told.totals();
  snapshot->set_state(proto::RunSnapshot::FINISHED);
  snapshot->clear_pid();
  snapshot->set_exit_status(ExitStatusOf(*snapshot));
  return folder.WriteSnapshot(*snapshot);
}

}  // namespace registry_manager
