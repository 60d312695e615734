// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/find_run.h"

#include <signal.h>

#include <cerrno>
#include <utility>

namespace registry_manager {
namespace {

// A coordinator that was killed could not say so.
proto::RunSnapshot Honest(proto::RunSnapshot snapshot) {
  const bool gone =
      snapshot.pid() == 0 ||
      (kill(static_cast<pid_t>(snapshot.pid()), 0) != 0 && errno == ESRCH);
  if (snapshot.state() == proto::RunSnapshot::RUNNING && gone) {
    snapshot.set_state(proto::RunSnapshot::INTERRUPTED);
  }
  return snapshot;
}

}  // namespace

absl::StatusOr<proto::RunSnapshot> FindRun(const StateFolder& folder,
                                           const std::string& run) {
  if (!run.empty()) {
    absl::StatusOr<proto::RunSnapshot> snapshot = folder.ReadSnapshot(run);
    if (!snapshot.ok()) return snapshot.status();
    return Honest(*std::move(snapshot));
  }
  std::vector<proto::RunSnapshot> all = folder.ReadSnapshots();
  if (all.empty()) {
    return absl::NotFoundError(
        "there is no run yet; `coordinator submit config.yml` makes one");
  }
  return Honest(std::move(all.front()));
}

std::vector<proto::RunSnapshot> FindRuns(const StateFolder& folder) {
  std::vector<proto::RunSnapshot> runs;
  for (proto::RunSnapshot& run : folder.ReadSnapshots()) {
    runs.push_back(Honest(std::move(run)));
  }
  return runs;
}

}  // namespace registry_manager
