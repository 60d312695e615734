// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/runs_table.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

// In 80 columns, but for a config with a long name.
constexpr char kRow[] = "%-4s  %-11s  %-6s  %-11s %11s %12s  %s\n";

// "11-24 04:57".
std::string Begun(const proto::RunSnapshot& run) {
  return absl::FormatTime("%m-%d %H:%M",
                          absl::FromUnixSeconds(run.begun_unix()),
                          absl::LocalTimeZone());
}

std::string StateName(const proto::RunSnapshot& snapshot) {
  switch (snapshot.state()) {
    case proto::RunSnapshot::RUNNING:
      return "running";
    case proto::RunSnapshot::FINISHED:
      return snapshot.totals().failed() > 0
                 ? absl::StrCat(Number(snapshot.totals().failed()), " failed")
                 : "finished";
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
  if (run.dry_run()) absl::StrAppend(&text, " (dry)");
  return text;
}

}  // namespace

std::string RunsTable(const std::vector<proto::RunSnapshot>& runs) {
  std::string table = absl::StrFormat(kRow, "RUN", "STATE", "VERB", "BEGUN",
                                      "TOOK", "REPOSITORIES", "CONFIG");
  for (const proto::RunSnapshot& run : runs) {
    table += absl::StrFormat(
        kRow, run.run(), StateName(run), Printable(run.verb()), Begun(run),
        DurationText(Lasted(run)), Repositories(run), Config(run));
  }
  return table;
}

}  // namespace registry_manager
