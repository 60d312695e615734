// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/runs_table.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"
#include "coordinator/run/text.h"

namespace registry_manager {
namespace {

constexpr char kRow[] = "%-5s %-12s %-7s %-20s %-12s %17s %9s  %s\n";

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

// "812 of 1,204".
std::string Repositories(const proto::RunSnapshot& run) {
  uint64_t ended = 0, known = 0;
  for (const proto::StreamSnapshot& stream : run.streams()) {
    ended += stream.done() + stream.skipped() + stream.failed();
    known += stream.repositories();
  }
  return absl::StrCat(Number(ended), " of ", Number(known));
}

std::string Config(const proto::RunSnapshot& run) {
  std::string text = Printable(run.config());
  if (!run.retry_of().empty()) {
    absl::StrAppend(&text, " (retry of ", Printable(run.retry_of()), ")");
  }
  if (run.dry_run()) absl::StrAppend(&text, " (dry run)");
  return text;
}

}  // namespace

std::string RunsTable(const std::vector<proto::RunSnapshot>& runs) {
  std::string table =
      absl::StrFormat(kRow, "RUN", "STATE", "VERB", "BEGUN", "TOOK",
                      "REPOSITORIES", "FAILED", "CONFIG");
  for (const proto::RunSnapshot& run : runs) {
    const absl::Duration took =
        absl::Seconds(run.updated_unix() - run.begun_unix());
    table += absl::StrFormat(kRow, run.run(), StateName(run),
                             Printable(run.verb()), TimeText(run.begun_unix()),
                             DurationText(took), Repositories(run),
                             Number(run.totals().failed()), Config(run));
  }
  return table;
}

}  // namespace registry_manager
