// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/inspect.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "coordinator/cli/complain.h"
#include "coordinator/cli/runs_table.h"
#include "coordinator/console/screen.h"
#include "coordinator/records/find_run.h"
#include "coordinator/records/message_json.h"
#include "coordinator/records/outcome_log.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/report/html.h"
#include "coordinator/report/report.h"
#include "coordinator/run/exit_status.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

void PrintJson(const nlohmann::ordered_json& object) {
  const std::string text =
      object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  printf("%s\n", text.c_str());
}

void PrintRunsJson(const std::vector<proto::RunSnapshot>& runs) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const proto::RunSnapshot& run : runs) list.push_back(RunJson(run));
  PrintJson(
      {{"type", "runs"}, {"version", kJsonVersion}, {"runs", std::move(list)}});
}

int WriteHtml(const Report& report, const std::string& file) {
  if (file == "-") {
    printf("%s", HtmlReport(report).c_str());
    return kAllDone;
  }
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << HtmlReport(report);
  stream.close();
  if (!stream) {
    return Complain(
        absl::UnavailableError(absl::StrCat("cannot write ", Printable(file),
                                            ": ", strerror(errno))),
        kUsage);
  }
  return kAllDone;
}

void PrintRecord(const OutcomeRecord& record) {
  if (record.kind != OutcomeRecord::Kind::kAction) return;
  std::string line = absl::StrCat(
      "  ", Printable(record.result), "  ", Printable(record.action), "  ",
      ImageName(record.registry, record.repository, record.reference));
  if (!record.reason.empty()) {
    absl::StrAppend(&line, "  ", Printable(record.reason, 2000));
  }
  printf("%s\n", line.c_str());
}

}  // namespace

int ShowStatus(const std::string& run, bool json) {
  absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) return Complain(folder.status(), kUnreachable);
  absl::StatusOr<proto::RunSnapshot> snapshot = FindRun(*folder, run);
  if (!snapshot.ok()) return Complain(snapshot.status(), kUsage);
  if (json) {
    PrintJson(RunJson(*snapshot));
  } else {
    printf("%s", Summary(*snapshot, MayColor(STDOUT_FILENO)).c_str());
  }
  return kAllDone;
}

int ShowRuns(bool json) {
  absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) return Complain(folder.status(), kUnreachable);
  const std::vector<proto::RunSnapshot> runs = FindRuns(*folder);
  if (json) {
    PrintRunsJson(runs);
  } else if (runs.empty()) {
    printf("there is no run yet; `coordinator submit config.yml` makes one\n");
  } else {
    printf("%s", RunsTable(runs).c_str());
  }
  return kAllDone;
}

int ShowReport(const ReportRequest& request) {
  if (request.html_file == "-" && (request.json || request.details)) {
    return Complain(absl::InvalidArgumentError(
                        "--html - takes standard output for the page; name a "
                        "file, or leave out --json and --details"),
                    kUsage);
  }
  absl::StatusOr<StateFolder> folder = StateFolder::Open();
  if (!folder.ok()) return Complain(folder.status(), kUnreachable);
  absl::StatusOr<proto::RunSnapshot> snapshot = FindRun(*folder, request.run);
  if (!snapshot.ok()) return Complain(snapshot.status(), kUsage);
  const std::string outcomes =
      absl::StrCat(folder->run(snapshot->run()), "/outcomes.jsonl");
  const absl::StatusOr<Report> report = BuildReport(*snapshot, outcomes);
  if (!report.ok()) return Complain(report.status(), kUsage);
  if (!request.html_file.empty()) {
    const int written = WriteHtml(*report, request.html_file);
    if (written != kAllDone || !(request.json || request.details)) {
      return written;
    }
  }
  if (request.json) {
    printf("%s", JsonReport(*report).c_str());
    return kAllDone;
  }
  printf("%s", TextReport(*report, MayColor(STDOUT_FILENO)).c_str());
  if (!request.details) return kAllDone;
  printf("actions:\n");
  const absl::Status read = ReadOutcomes(outcomes, PrintRecord);
  return read.ok() ? kAllDone : Complain(read, kUsage);
}

}  // namespace registry_manager
