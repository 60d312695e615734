// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/retry.h"

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/complain.h"
#include "coordinator/records/failed_work.h"
#include "coordinator/records/find_run.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/run/exit_status.h"

namespace registry_manager {
namespace {

Verb VerbNamed(const std::string& name) {
  for (const Verb verb : {Verb::kDelete, Verb::kSync}) {
    if (name == VerbName(verb)) return verb;
  }
  return Verb::kSubmit;
}

// Returns what the run's command line, or otherwise its config, said. Absent if
// its policies differed: then the config decides again.
std::optional<bool> DryRunOf(const proto::RunSnapshot& run) {
  bool any_dry = false, any_real = false;
  for (const proto::StreamSnapshot& stream : run.streams()) {
    (stream.dry_run() ? any_dry : any_real) = true;
  }
  if (any_dry && any_real) return std::nullopt;
  return any_dry;
}

// A run that ended, with failures. Absent: nothing failed in it.
absl::StatusOr<std::optional<proto::RunSnapshot>> FindFailedRun(
    const std::string& run, std::optional<ProcessLock>& hold) {
  ASSIGN_OR_RETURN(StateFolder folder, StateFolder::Open());
  absl::StatusOr<proto::RunSnapshot> found = FindRun(folder, run);
  if (!found.ok()) {
    return absl::FailedPreconditionError(found.status().message());
  }
  if (found->state() != proto::RunSnapshot::FINISHED) {
    return absl::FailedPreconditionError(
        absl::StrCat("run ", run,
                     " has not ended; only what failed in a run "
                     "that is finished is tried again"));
  }
  ASSIGN_OR_RETURN(ProcessLock held, folder.HoldRun(run));
  hold.emplace(std::move(held));
  const auto failed =
      FailedWork::Read(absl::StrCat(folder.run(run), "/outcomes.jsonl"));
  if (!failed.ok()) {
    return absl::FailedPreconditionError(failed.status().message());
  }
  if (failed->empty()) return std::nullopt;
  return *found;
}

}  // namespace

int RetryRun(const std::string& run, RunCommand command) {
  // Nobody is to remove it meanwhile.
  std::optional<ProcessLock> hold;
  const absl::StatusOr<std::optional<proto::RunSnapshot>> found =
      FindFailedRun(run, hold);
  if (!found.ok()) return Complain(found.status(), kUsage, command.log_json);
  if (!*found) {
    return Complain(
        absl::NotFoundError(absl::StrCat("nothing failed in run ", run,
                                         ": there is nothing to try again")),
        kAllDone, command.log_json);
  }
  const proto::RunSnapshot& earlier = **found;
  command.verb = VerbNamed(earlier.verb());
  command.config = earlier.config_path();
  command.dry_run = DryRunOf(earlier);
  command.retry_of = run;
  return RunConfig(command);
}

}  // namespace registry_manager
