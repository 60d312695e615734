// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/forget.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "coordinator/cli/complain.h"
#include "coordinator/cli/journal_choice.h"
#include "coordinator/records/forget_runs.h"
#include "coordinator/records/message_json.h"
#include "coordinator/records/stored_runs.h"
#include "coordinator/run/exit_status.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

// Returns the runs that are in use in the journal that the command names, or
// otherwise in the folder's own journal.
absl::StatusOr<std::set<std::string>> RunsInUse(const StateFolder& folder,
                                                const RunCommand& command) {
  const auto named = NamedRedis(command.redis, command.redis_file);
  if (!named.ok()) return named.status();
  if (*named) return NewRedisJournal(**named)->RunsInUse();
  // No server is started for a journal that there never was.
  if (!std::filesystem::exists(folder.redis() + "/appendonlydir")) {
    return std::set<std::string>();
  }
  ASSIGN_OR_RETURN(OpenJournal own, ChooseJournal("", "", folder));
  return own.journal->RunsInUse();
}

// NotFound: one of the names is no run's.
absl::StatusOr<std::vector<RunToForget>> Named(
    const std::vector<std::string>& names, const std::vector<StoredRun>& runs) {
  std::vector<RunToForget> named;
  for (const std::string& name : std::set(names.begin(), names.end())) {
    const auto found =
        std::find_if(runs.begin(), runs.end(),
                     [&name](const StoredRun& run) { return run.id == name; });
    if (found == runs.end()) {
      return absl::NotFoundError(
          absl::StrCat("there is no run ", Printable(name),
                       "; `coordinator runs` lists them"));
    }
    named.push_back({*found, "named"});
  }
  return named;
}

void PrintJson(const std::vector<Forgotten>& all,
               const std::vector<StoredRun>& left, bool dry_run) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Forgotten& one : all) {
    list.push_back({{"run", one.run.id},
                    {"state", one.run.state},
                    {"updated_unix", one.run.updated_unix},
                    {"bytes", one.run.bytes},
                    {"limit", one.limit},
                    {"result", one.result},
                    {"reason", one.reason}});
  }
  uint64_t bytes = 0;
  for (const StoredRun& run : left) bytes += run.bytes;
  const nlohmann::ordered_json object = {
      {"type", "forgotten"},
      {"version", kJsonVersion},
      {"dry_run", dry_run},
      {"runs", std::move(list)},
      {"left", {{"runs", left.size()}, {"bytes", bytes}}}};
  printf("%s\n",
         object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
             .c_str());
}

void PrintText(const std::vector<Forgotten>& all,
               const std::vector<StoredRun>& left, bool dry_run) {
  for (const Forgotten& one : all) {
    const std::string about = absl::StrCat(
        "run ", one.run.id, " (", one.run.state, ", ",
        TimeText(one.run.updated_unix), ", ", Bytes(one.run.bytes), ")");
    if (one.result == "failed") {
      printf("%s stays: %s\n", about.c_str(), one.reason.c_str());
    } else {
      printf("%s %s\n", one.result == "done" ? "forgot" : "would forget",
             about.c_str());
    }
  }
  uint64_t bytes = 0, held = 0;
  for (const StoredRun& run : left) {
    bytes += run.bytes;
    held += run.held.empty() ? 0 : 1;
  }
  printf(
      "%s: %s, %s%s\n", dry_run ? "would be left" : "left",
      Plural(left.size(), "run", "runs").c_str(), Bytes(bytes).c_str(),
      held == 0 ? "" : absl::StrCat("; unfinished or in use: ", held).c_str());
}

// `runs` without those that went, or would go.
std::vector<StoredRun> LeftOf(std::vector<StoredRun> runs,
                              const std::vector<Forgotten>& all) {
  std::set<std::string> gone;
  for (const Forgotten& one : all) {
    if (one.result != "failed") gone.insert(one.run.id);
  }
  runs.erase(std::remove_if(runs.begin(), runs.end(),
                            [&gone](const StoredRun& run) {
                              return gone.count(run.id) > 0;
                            }),
             runs.end());
  return runs;
}

}  // namespace

int ForgetRuns(const std::vector<std::string>& names,
               const RunCommand& command) {
  const bool dry_run = command.dry_run.value_or(false);
  absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) return Complain(folder.status(), kUnreachable);
  const absl::StatusOr<std::set<std::string>> in_use =
      RunsInUse(*folder, command);
  if (!in_use.ok()) {
    return Complain(in_use.status(), absl::IsInvalidArgument(in_use.status())
                                         ? kUsage
                                         : kUnreachable);
  }
  const std::vector<StoredRun> runs = FindStoredRuns(*folder, *in_use);
  std::vector<RunToForget> doomed;
  if (names.empty()) {
    doomed = BeyondLimits(runs, command.keep, absl::Now());
  } else {
    absl::StatusOr<std::vector<RunToForget>> named = Named(names, runs);
    if (!named.ok()) return Complain(named.status(), kUsage);
    doomed = *std::move(named);
  }
  if (!dry_run) SweepForgotten(*folder);
  std::vector<Forgotten> all;
  int exit_status = kAllDone;
  for (const RunToForget& one : doomed) {
    all.push_back(ForgetRun(*folder, one, dry_run));
    if (all.back().result == "failed") exit_status = kFailures;
  }
  const std::vector<StoredRun> left = LeftOf(runs, all);
  command.json ? PrintJson(all, left, dry_run) : PrintText(all, left, dry_run);
  return exit_status;
}

}  // namespace registry_manager
