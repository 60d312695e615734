// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/find_run.h"

#include <utility>

#include "common/base/status_macros.h"

namespace registry_manager {
namespace {

// A coordinator that was killed could not say so.
proto::RunSnapshot Honest(const StateFolder& folder,
                          proto::RunSnapshot snapshot) {
  if (snapshot.state() == proto::RunSnapshot::RUNNING &&
      !folder.IsCarriedOut(snapshot.run())) {
    snapshot.set_state(proto::RunSnapshot::INTERRUPTED);
  }
  return snapshot;
}

}  // namespace

absl::StatusOr<proto::RunSnapshot> FindRun(const StateFolder& folder,
                                           const std::string& run) {
  if (!run.empty()) {
    ASSIGN_OR_RETURN(proto::RunSnapshot snapshot, folder.ReadSnapshot(run));
    return Honest(folder, std::move(snapshot));
  }
  std::vector<proto::RunSnapshot> all = folder.ReadSnapshots();
  if (all.empty()) {
    return absl::NotFoundError(
        "there is no run yet; `coordinator submit config.yml` makes one");
  }
  return Honest(folder, std::move(all.front()));
}

std::vector<proto::RunSnapshot> FindRuns(const StateFolder& folder) {
  std::vector<proto::RunSnapshot> runs;
  for (proto::RunSnapshot& run : folder.ReadSnapshots()) {
    runs.push_back(Honest(folder, std::move(run)));
  }
  return runs;
}

}  // namespace registry_manager
