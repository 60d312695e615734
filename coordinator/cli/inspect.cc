// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/inspect.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"
#include "coordinator/cli/exit_status.h"
#include "coordinator/run/outcome_log.h"
#include "coordinator/run/state_folder.h"
#include "coordinator/run/text.h"

namespace registry_manager {
namespace {

int Complain(const absl::Status& status) {
  fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return kUsage;
}

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

absl::StatusOr<proto::RunSnapshot> Find(const StateFolder& folder,
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

const char* StateName(const proto::RunSnapshot& snapshot) {
  switch (snapshot.state()) {
    case proto::RunSnapshot::RUNNING:
      return "running";
    case proto::RunSnapshot::FINISHED:
      return snapshot.totals().failed() > 0 ? "failures" : "finished";
    case proto::RunSnapshot::INCOMPLETE:
      return "incomplete";
    case proto::RunSnapshot::INTERRUPTED:
      return "interrupted";
    case proto::RunSnapshot::ABANDONED:
      return "abandoned";
    default:
      return "unknown";
  }
}

std::string TimeText(int64_t unix_seconds) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S",
                          absl::FromUnixSeconds(unix_seconds),
                          absl::LocalTimeZone());
}

void PrintRecord(const OutcomeRecord& record) {
  std::string line =
      absl::StrCat("  ", record.result, "  ", record.action, "  ",
                   ImageName(record.registry, record.repository));
  if (!record.reference.empty()) {
    const bool digest = record.reference.find(':') != std::string::npos;
    absl::StrAppend(&line, digest ? "@" : ":", Printable(record.reference));
  }
  if (!record.reason.empty()) {
    absl::StrAppend(&line, "  ", Printable(record.reason, 2000));
  }
  printf("%s\n", line.c_str());
}

}  // namespace

int ShowStatus(const std::string& run) {
  absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) return Complain(folder.status());
  absl::StatusOr<proto::RunSnapshot> snapshot = Find(*folder, run);
  if (!snapshot.ok()) return Complain(snapshot.status());
  printf("%s", Summary(*snapshot).c_str());
  return kAllDone;
}

int ShowRuns() {
  absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) return Complain(folder.status());
  const std::vector<proto::RunSnapshot> all = folder->ReadSnapshots();
  if (all.empty()) {
    printf("there is no run yet; `coordinator submit config.yml` makes one\n");
    return kAllDone;
  }
  printf("RUN   STATE        VERB    BEGUN                CONFIG\n");
  for (const proto::RunSnapshot& snapshot : all) {
    const proto::RunSnapshot run = Honest(snapshot);
    printf("%-5s %-12s %-7s %-20s %s%s\n", run.run().c_str(), StateName(run),
           run.verb().c_str(), TimeText(run.begun_unix()).c_str(),
           Printable(run.config()).c_str(), run.dry_run() ? " (dry run)" : "");
  }
  return kAllDone;
}

int ShowReport(const std::string& run, bool details) {
  absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) return Complain(folder.status());
  absl::StatusOr<proto::RunSnapshot> snapshot = Find(*folder, run);
  if (!snapshot.ok()) return Complain(snapshot.status());
  proto::RunSnapshot summary = *snapshot;
  summary.clear_failures();
  summary.set_failures_total(0);
  printf("%s", Summary(summary).c_str());
  printf("begun %s, last news %s\n", TimeText(summary.begun_unix()).c_str(),
         TimeText(summary.updated_unix()).c_str());
  printf("%s requests", Number(summary.totals().requests()).c_str());
  if (summary.totals().throttled_ms() > 0) {
    printf(", %s of waiting at a registry's wish",
           absl::FormatDuration(
               absl::Milliseconds(summary.totals().throttled_ms()))
               .c_str());
  }
  printf("\n");
  const std::string file =
      absl::StrCat(folder->run(summary.run()), "/outcomes.jsonl");
  bool headed = false;
  const absl::Status read =
      ReadOutcomes(file, [&](const OutcomeRecord& record) {
        if (!details && record.result != "failed") return;
        if (!headed) printf("%s:\n", details ? "actions" : "failures");
        headed = true;
        PrintRecord(record);
      });
  if (!read.ok()) return Complain(read);
  return kAllDone;
}

}  // namespace registry_manager
