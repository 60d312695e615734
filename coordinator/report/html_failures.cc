// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/html_failures.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/reference/printable.h"
#include "coordinator/report/html_parts.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

// The most failures that the page shows of those that the report holds; all
// failures are in the outcomes file.
constexpr uint64_t kFailuresShown = 400;
constexpr uint64_t kFailuresShownOfAGroup = 25;
// Bytes of a reason; what is longer is cut.
constexpr size_t kMaxReason = 1000;

std::string WhatOf(const OutcomeRecord& record) {
  if (record.kind == OutcomeRecord::Kind::kCatalogue) {
    return "list the catalogue";
  }
  return absl::StrReplaceAll(
      record.action.empty() ? record.policy : record.action, {{"-", " "}});
}

// `text` with "…" for every long hexadecimal number.
std::string WithoutHashes(absl::string_view text) {
  constexpr size_t kLong = 32;
  std::string result;
  size_t digits = 0;
  for (const char c : text) {
    result.push_back(c);
    digits = absl::ascii_isxdigit(c) ? digits + 1 : 0;
    if (digits == kLong) result.replace(result.size() - kLong, kLong, "…");
    if (digits > kLong) result.pop_back();
  }
  return result;
}

// Returns the part of a failure's reason that other failures may share.
std::string CommonReason(const OutcomeRecord& record) {
  std::string reason = WithoutHashes(Printable(record.reason, kMaxReason));
  if (!record.repository.empty()) {
    reason = absl::StrReplaceAll(
        reason, {{absl::StrCat("/", record.repository, "/"), "/…/"}});
  }
  if (!record.reference.empty()) {
    reason = absl::StrReplaceAll(
        reason, {{absl::StrCat("/", record.reference), "/…"},
                 {absl::StrCat("tag ", record.reference), "tag …"}});
  }
  return reason;
}

struct FailureGroup {
  std::string what;
  std::string reason;
  std::vector<const OutcomeRecord*> records;
};

// Failures that differ in nothing but the image, the largest group first, the
// earlier one first where two are as large.
std::vector<FailureGroup> Grouped(const std::vector<OutcomeRecord>& failures) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>,
           FailureGroup>
      by_key;
  for (const OutcomeRecord& record : failures) {
    const std::string what = WhatOf(record), reason = CommonReason(record);
    by_key
        .try_emplace({record.registry, record.target, what, reason},
                     FailureGroup{what, reason, {}})
        .first->second.records.push_back(&record);
  }
  std::vector<FailureGroup> groups;
  for (auto& [key, group] : by_key) {
    if (group.records.size() == 1) group.reason = group.records[0]->reason;
    groups.push_back(std::move(group));
  }
  std::sort(groups.begin(), groups.end(),
            [](const FailureGroup& a, const FailureGroup& b) {
              return a.records.size() != b.records.size()
                         ? a.records.size() > b.records.size()
                         : a.records[0] < b.records[0];
            });
  return groups;
}

std::string WhatCell(const FailureGroup& group) {
  const OutcomeRecord& first = *group.records.front();
  std::string what = In("b", Escape(group.what));
  if (!first.target.empty()) {
    what +=
        In("span", absl::StrCat("to ", Escape(DisplayRegistry(first.target))));
  }
  if (group.records.size() > 1) {
    what += In("span", absl::StrCat(Number(group.records.size()), " times"));
  }
  const std::string begin = LocalTime(first.time, "%H:%M");
  const std::string end = LocalTime(group.records.back()->time, "%H:%M");
  return absl::StrCat(what,
                      In("span class='soft'",
                         begin == end ? begin : absl::StrCat(begin, "–", end)));
}

std::string FailureRow(const FailureGroup& group, uint64_t shown) {
  std::string names;
  for (uint64_t i = 0; i < shown; ++i) {
    const OutcomeRecord& record = *group.records[i];
    std::string name =
        Code(ImageName(record.registry, record.repository, record.reference));
    if (record.target_repository != record.repository &&
        !record.target_repository.empty()) {
      absl::StrAppend(&name, " as ", Code(record.target_repository));
    }
    names += In("li", name);
  }
  std::string where = In("ul", names);
  if (shown < group.records.size()) {
    where +=
        In("p class='more'",
           absl::StrCat("and ", Number(group.records.size() - shown), " more"));
  }
  return absl::StrCat(
      In("tr", absl::StrCat(In("td class='where'", where),
                            In("td class='what'", WhatCell(group)),
                            In("td class='reason'", Escape(group.reason)))),
      "\n");
}

std::string FailureTable(const Report& report) {
  std::string rows;
  uint64_t shown = 0;
  for (const FailureGroup& group : Grouped(report.failures)) {
    if (shown == kFailuresShown) break;
    const uint64_t of_group =
        std::min({uint64_t{group.records.size()}, kFailuresShownOfAGroup,
                  kFailuresShown - shown});
    rows += FailureRow(group, of_group);
    shown += of_group;
  }
  std::string table =
      In("table class='failures'",
         absl::StrCat(In("thead",
                         "<tr><th>Where</th><th>What</th><th>Why</th>"
                         "</tr>"),
                      "\n", In("tbody", rows)));
  if (shown < report.failures_total) {
    table += In("p class='more'",
                absl::StrCat(Number(shown), " are shown, ",
                             Number(report.failures_total - shown),
                             " more are in the run's outcomes.jsonl."));
  }
  return table;
}

}  // namespace

std::string FailuresSection(const Report& report) {
  const uint64_t counted = report.run.totals().failed();
  if (report.failures_total == 0) {
    return Section("Failures",
                   counted == 0
                       ? In("p", "Nothing failed.")
                       : In("p", absl::StrCat(Number(counted),
                                              " failed; the outcomes hold no "
                                              "record of them.")));
  }
  const std::string was_mended =
      counted > 0 ? ""
                  : In("p class='key'",
                       "What failed was tried again: the run counts none of "
                       "these any more.");
  return Section(
      absl::StrCat("Failures", In("span", Number(report.failures_total))),
      absl::StrCat(was_mended, FailureTable(report)));
}

}  // namespace registry_manager
