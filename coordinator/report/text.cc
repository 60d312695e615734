// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/words/text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"
#include "coordinator/report/report.h"

namespace registry_manager {
namespace {

constexpr size_t kSlowestShown = 5;

std::string WorkLine(const Report::RepositoryWork& work) {
  std::string line =
      absl::StrFormat("  %8.1f s  %s %s", work.seconds, Printable(work.policy),
                      ImageName(work.registry, work.repository));
  absl::StrAppend(&line, ToTarget(work.target, work.target_repository), ": ",
                  Plural(work.counts.requests(), "request", "requests"));
  const std::string actions = ActionsLine(work.counts);
  if (!actions.empty()) absl::StrAppend(&line, ", ", actions);
  return line;
}

// "delete HOST: 6 repositories, as REASON" with the first of them below.
std::string NotCarriedOutLines(const Report::NotCarriedOut& group) {
  std::string text =
      absl::StrCat("  ", group.policy, " ", DisplayRegistry(group.registry));
  if (!group.target.empty()) {
    absl::StrAppend(&text, " -> ", DisplayRegistry(group.target));
  }
  absl::StrAppend(&text, ", ",
                  Plural(group.total, "repository", "repositories"), ": ",
                  Printable(group.reason, 2000), "\n    ",
                  absl::StrJoin(group.repositories, ", ",
                                [](std::string* out, const std::string& name) {
                                  out->append(Printable(name));
                                }));
  if (group.total > group.repositories.size()) {
    absl::StrAppend(&text, " and ",
                    Number(group.total - group.repositories.size()), " more");
  }
  return text + "\n";
}

}  // namespace

std::string FailureLine(const OutcomeRecord& record) {
  std::string line = absl::StrCat(
      Printable(record.action.empty() ? record.policy : record.action), " ",
      ImageName(record.registry, record.repository, record.reference));
  return absl::StrCat(line, ToTarget(record.target, record.target_repository),
                      ": ", Printable(record.reason, 2000));
}

std::string TextReport(const Report& report, bool is_colored) {
  proto::RunSnapshot run = report.run;
  run.clear_failures();
  run.set_failures_total(0);
  std::string text = Summary(run);
  absl::StrAppend(&text, "started ", TimeText(run.begun_unix()), ", updated ",
                  TimeText(run.updated_unix()), ": ", DurationText(Lasted(run)),
                  "\n", Plural(run.totals().requests(), "request", "requests"));
  if (run.totals().throttled_ms() > 0) {
    absl::StrAppend(
        &text, ", ",
        DurationText(absl::Milliseconds(run.totals().throttled_ms())),
        " of waiting because a registry asked to (Retry-After)");
  }
  text.push_back('\n');
  if (!report.slowest.empty()) text += "slowest repositories:\n";
  for (size_t i = 0; i < report.slowest.size() && i < kSlowestShown; ++i) {
    absl::StrAppend(&text, WorkLine(report.slowest[i]), "\n");
  }
  if (!report.not_carried_out.empty()) text += "not carried out:\n";
  for (const Report::NotCarriedOut& group : report.not_carried_out) {
    text += NotCarriedOutLines(group);
  }
  if (!report.failures.empty()) text += "failures:\n";
  for (const OutcomeRecord& failure : report.failures) {
    absl::StrAppend(
        &text, Red(absl::StrCat("  ", FailureLine(failure)), is_colored), "\n");
  }
  if (report.failures_total > report.failures.size()) {
    absl::StrAppend(&text, "  and ",
                    Number(report.failures_total - report.failures.size()),
                    " more in ", Printable(report.outcomes_file, 1000), "\n");
  }
  return text;
}

}  // namespace registry_manager
