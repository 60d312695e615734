// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/html.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"
#include "coordinator/report/html_style.h"
#include "coordinator/run/text.h"

namespace registry_manager {
namespace {

// Of the failures that the report holds; all are in the outcomes file.
constexpr uint64_t kFailuresShown = 400;
constexpr uint64_t kFailuresShownOfAGroup = 25;

constexpr absl::string_view kHead =
    "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>\n"
    "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
    "<meta name='color-scheme' content='light dark'>\n";

// Text from outside, fit to stand in the page.
std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(Printable(text, 1000), {{"&", "&amp;"},
                                                     {"<", "&lt;"},
                                                     {">", "&gt;"},
                                                     {"\"", "&quot;"},
                                                     {"'", "&#39;"}});
}

// `inner`, which is HTML, in an element: In("p class='lead'", …).
std::string In(absl::string_view element, absl::string_view inner) {
  return absl::StrCat("<", element, ">", inner, "</",
                      element.substr(0, element.find(' ')), ">");
}

// Nothing where there is nothing to show.
std::string Section(absl::string_view title, absl::string_view inner) {
  if (inner.empty()) return "";
  return absl::StrCat(In("section", absl::StrCat(In("h2", title), "\n", inner)),
                      "\n");
}

std::string Code(absl::string_view text) { return In("code", Escape(text)); }

std::string Pair(absl::string_view term, absl::string_view description,
                 absl::string_view element = "div") {
  return absl::StrCat(
      In(element, absl::StrCat(In("dt", term), In("dd", description))), "\n");
}

std::string LocalTime(int64_t unix_seconds, absl::string_view format) {
  return absl::FormatTime(format, absl::FromUnixSeconds(unix_seconds),
                          absl::LocalTimeZone());
}

std::string Percent(double share) {
  return absl::StrFormat("%.2f%%", 100 * share);
}

// The head of the page.

struct Standing {
  const char* look;
  const char* words;
  std::string advice;
};

Standing StandingOf(const proto::RunSnapshot& run) {
  const bool goes_on = run.verb() != "plan" && run.verb() != "list";
  switch (run.state()) {
    case proto::RunSnapshot::RUNNING:
      return {"live", "running",
              absl::StrCat("This is how it stood at the last news of process ",
                           run.pid(), ".")};
    case proto::RunSnapshot::INTERRUPTED:
      return {"warn", "interrupted",
              goes_on ? "The same command goes on with it." : ""};
    case proto::RunSnapshot::INCOMPLETE:
      return {"warn", "incomplete",
              goes_on ? "Once the registries that were set aside answer, the "
                        "same command goes on with it."
                      : "A registry was set aside."};
    case proto::RunSnapshot::ABANDONED:
      return {"warn", "interrupted", "It was abandoned for a new run."};
    default:
      if (run.totals().failed() == 0) return {"good", "finished", ""};
      return {"bad", "finished with failures", ""};
  }
}

std::string NameOf(const proto::RunSnapshot& run) {
  if (run.verb() == "plan") return "The plan";
  return absl::StrCat("Run ", Escape(run.run()));
}

std::string Facts(const proto::RunSnapshot& run) {
  const std::string& config =
      run.config_path().empty() ? run.config() : run.config_path();
  std::string facts;
  if (!config.empty()) facts += Pair("Config", Code(config));
  if (run.begun_unix() > 0) {
    const bool has_ended = run.state() == proto::RunSnapshot::FINISHED ||
                           run.state() == proto::RunSnapshot::INCOMPLETE;
    const absl::Duration lasted =
        absl::Seconds(run.updated_unix() - run.begun_unix());
    absl::StrAppend(
        &facts, Pair("Begun", TimeText(run.begun_unix())),
        Pair(has_ended ? "Ended" : "Last news", TimeText(run.updated_unix())),
        Pair("Duration", DurationText(lasted)));
  }
  if (!run.retry_of().empty()) {
    facts += Pair("Retries the failures of",
                  absl::StrCat("run ", Escape(run.retry_of())));
  }
  return facts.empty() ? "" : In("dl class='facts'", facts);
}

std::string Header(const proto::RunSnapshot& run) {
  const Standing standing = StandingOf(run);
  std::string title =
      absl::StrCat(In("h1", NameOf(run)),
                   In(absl::StrCat("span class='badge ", standing.look, "'"),
                      standing.words));
  std::string lead;
  if (run.dry_run()) {
    title += In("span class='badge'", "dry run");
    lead = "Nothing was changed. ";
  }
  if (run.totals().tags() > 0) {
    absl::StrAppend(&lead, CountsLine(run.totals()), ". ");
  }
  lead += standing.advice;
  return In("header",
            absl::StrCat(In("p class='kind'", absl::StrCat("registry-manager ",
                                                           Escape(run.verb()))),
                         In("div class='title'", title), "\n",
                         In("p class='lead'", lead), "\n", Facts(run)));
}

// Failures.

std::string NameOf(const OutcomeRecord& record) {
  std::string name = ImageName(record.registry, record.repository);
  if (!record.reference.empty()) {
    const bool is_digest = absl::StrContains(record.reference, ':');
    absl::StrAppend(&name, is_digest ? "@" : ":", Printable(record.reference));
  }
  return name;
}

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
  while (!text.empty()) {
    const auto end =
        std::find_if_not(text.begin(), text.end(), absl::ascii_isxdigit);
    const size_t length = std::max<size_t>(1, end - text.begin());
    absl::StrAppend(&result, length < kLong ? text.substr(0, length) : "…");
    text.remove_prefix(length);
  }
  return result;
}

// What a failure's reason has in common with that of others.
std::string CommonReason(const OutcomeRecord& record) {
  std::string reason = WithoutHashes(record.reason);
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
    names += In("li", Code(NameOf(*group.records[i])));
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

std::string Failures(const Report& report) {
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

// Figures.

std::string Figures(const proto::Counts& counts) {
  std::string figures;
  const auto add = [&](uint64_t number, absl::string_view what,
                       const std::string& text) {
    if (number > 0) figures += Pair(what, text);
  };
  const auto add_number = [&](uint64_t number, absl::string_view what) {
    add(number, what, Number(number));
  };
  add_number(counts.tags(), "tags looked at");
  add_number(counts.to_copy(), "to copy");
  add_number(counts.to_delete(), "to delete");
  add_number(counts.to_untag(), "to untag (the image stays)");
  add_number(counts.manifests_to_delete(), "manifests without a tag to delete");
  add_number(counts.copied(), "copied");
  add_number(counts.deleted(), "deleted");
  add_number(counts.untagged(), "untagged (the image stays)");
  add_number(counts.manifests_deleted(), "manifests without a tag deleted");
  if (counts.failed() > 0) {
    figures += Pair("failed", Number(counts.failed()), "div class='failed'");
  }
  add_number(counts.skipped(), "unchanged");
  add_number(counts.kept(), "kept");
  add(counts.bytes_copied(), "copied in blobs", Bytes(counts.bytes_copied()));
  add_number(counts.blobs_copied(), "blobs copied");
  add_number(counts.blobs_mounted(), "blobs mounted");
  add_number(counts.blobs_present(), "blobs already there");
  add_number(counts.requests(), "requests");
  add(counts.throttled_ms(), "waited at a registry's wish",
      DurationText(absl::Milliseconds(counts.throttled_ms())));
  return figures.empty()
             ? ""
             : Section("Figures", In("dl class='figures'", figures));
}

// The chart over time.

// The least number from `most` up whose half is round.
uint64_t RoundUp(uint64_t most) {
  const uint64_t half = (most + 1) / 2;
  if (half <= 10) return 2 * half;
  for (uint64_t power = 1;; power *= 10) {
    for (const uint64_t digits : {10, 12, 15, 20, 25, 30, 40, 50, 60, 80}) {
      if (digits * power >= half) return 2 * digits * power;
    }
  }
}

// Between two marks on the axis, so that their times have room on a phone.
int64_t TickStep(int64_t span) {
  constexpr int64_t kDay = 86400;
  for (const int64_t step : {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
                             3600, 7200, 10800, 21600, 43200}) {
    if (span / step <= (step < 60 ? 4 : 6)) return step;
  }
  return (span / 6 / kDay + 1) * kDay;
}

std::string TimeAxis(int64_t begin, int64_t span) {
  const int64_t step = TickStep(span);
  // So that marks stand at full hours where people are, not in UTC.
  const int64_t offset =
      absl::LocalTimeZone().At(absl::FromUnixSeconds(begin)).offset;
  std::string axis;
  int64_t tick = (begin + offset + step - 1) / step * step - offset;
  for (; tick <= begin + span; tick += step) {
    const std::string x = Percent(static_cast<double>(tick - begin) / span);
    const bool is_midnight = LocalTime(tick, "%H%M%S") == "000000";
    absl::StrAppend(
        &axis, "<line x1='", x, "' x2='", x, "' y1='100%' y2='102.5%'/>",
        In(absl::StrCat("text x='", x,
                        "' y='100%' dy='1.6em' text-anchor='middle'"),
           LocalTime(tick, is_midnight ? "%d %b"
                           : step < 60 ? "%H:%M:%S"
                                       : "%H:%M")));
  }
  return axis;
}

std::string CountAxis(uint64_t top) {
  std::string axis;
  for (const uint64_t count : {uint64_t{0}, top / 2, top}) {
    const std::string y = Percent(1 - static_cast<double>(count) / top);
    absl::StrAppend(&axis, "<line x1='0' x2='100%' y1='", y, "' y2='", y, "'/>",
                    In(absl::StrCat("text x='0' y='", y,
                                    "' dx='-.6em' dy='.35em' "
                                    "text-anchor='end'"),
                       Number(count)));
  }
  return axis;
}

std::string Bar(const Report& report, size_t number, uint64_t top,
                absl::string_view done) {
  const Report::Interval& interval = report.timeline[number];
  const double slot = 1.0 / report.timeline.size();
  // The least that can be seen: one failure among thousands must be.
  constexpr double kLeast = 0.015;
  double y = 1;
  const auto part = [&](uint64_t count, absl::string_view look) {
    if (count == 0) return std::string();
    const double height = std::max(kLeast, static_cast<double>(count) / top);
    y -= height;
    return absl::StrCat("<rect class='", look, "' x='", Percent(number * slot),
                        "' y='", Percent(y), "' width='",
                        Percent(std::min(slot * 0.85, 0.1)), "' height='",
                        Percent(height), "'/>");
  };
  const int64_t begin =
      report.run.begun_unix() + number * report.interval_seconds;
  const std::string title =
      absl::StrCat(LocalTime(begin, "%H:%M:%S"), "–",
                   LocalTime(begin + report.interval_seconds, "%H:%M:%S"), ": ",
                   Number(interval.done), " ", done, ", ",
                   Number(interval.failed), " failed");
  const std::string below = part(interval.done, "done");
  const std::string above = part(interval.failed, "failed");
  return absl::StrCat(
      In("g class='interval'", absl::StrCat(In("title", title), below, above)),
      "\n");
}

std::string LegendItem(absl::string_view look, absl::string_view words) {
  return In("li", absl::StrCat("<i class='", look, "'></i>", words));
}

std::string Timeline(const Report& report) {
  uint64_t most = 0, failed = 0;
  for (const Report::Interval& interval : report.timeline) {
    most = std::max(most, interval.done + interval.failed);
    failed += interval.failed;
  }
  if (most == 0) return "";
  const char* done = report.run.dry_run() ? "planned" : "done";
  const uint64_t top = RoundUp(most);
  std::string bars;
  for (size_t i = 0; i < report.timeline.size(); ++i) {
    const Report::Interval& interval = report.timeline[i];
    if (interval.done + interval.failed > 0) bars += Bar(report, i, top, done);
  }
  const int64_t begin = report.run.begun_unix();
  const std::string chart = In(
      "svg role='img' aria-label='Actions over time'",
      absl::StrCat(
          CountAxis(top), "\n", bars,
          TimeAxis(begin, report.interval_seconds * report.timeline.size())));
  const std::string legend = absl::StrCat(
      LegendItem("done", done),
      failed > 0 ? LegendItem("failed", "failed") : "",
      In("li class='soft'",
         absl::StrCat("actions in ",
                      DurationText(absl::Seconds(report.interval_seconds)),
                      " each, by local time (", LocalTime(begin, "%Z"), ")")));
  return Section("Over time",
                 absl::StrCat(In("ul class='legend key'", legend), "\n",
                              In("div class='card chart'", chart)));
}

// By registry.

std::string StreamBar(const proto::StreamSnapshot& stream) {
  const uint64_t left = std::min(stream.not_carried_out(), stream.skipped());
  const uint64_t known =
      stream.done() + stream.skipped() + stream.failed() + stream.set_aside();
  const uint64_t open = std::max(stream.repositories(), known) - known;
  std::string bar, legend;
  const auto add = [&](uint64_t count, absl::string_view look,
                       absl::string_view words) {
    if (count == 0) return;
    absl::StrAppend(&bar, "<i class='", look, "' style='flex:", count,
                    "'></i>");
    legend += LegendItem(look, absl::StrCat(Number(count), " ", words));
  };
  add(stream.done(), "done", "done");
  add(stream.skipped() - left, "idle", "with nothing to do");
  add(stream.failed(), "failed", "with failures");
  add(left, "left", "not carried out");
  add(stream.set_aside(), "aside", "set aside");
  add(open, "open", "not yet");
  if (bar.empty()) return "";
  return absl::StrCat(In("div class='bar'", bar),
                      In("ul class='legend'", legend));
}

std::string StreamCard(const proto::StreamSnapshot& stream) {
  std::string name =
      absl::StrCat(In("span class='soft'", Escape(stream.policy())), " ",
                   Escape(DisplayRegistry(stream.registry())));
  if (!stream.target().empty()) {
    absl::StrAppend(&name, " → ", Escape(DisplayRegistry(stream.target())));
  }
  if (stream.dry_run() && stream.policy() != "list") {
    name += In("span class='soft'", " (dry run)");
  }
  std::string card = absl::StrCat(
      In("h3", name), "\n",
      In("span class='soft'",
         absl::StrCat(
             stream.listed() ? "" : "at least ",
             Plural(stream.repositories(), "repository", "repositories"))));
  if (!stream.problem().empty()) {
    card += In("p class='problem warn'", Escape(stream.problem()));
  }
  card += StreamBar(stream);
  const std::string actions = ActionsLine(stream.counts());
  if (!actions.empty()) card += In("p class='soft'", actions);
  return absl::StrCat(In("div class='card stream'", card), "\n");
}

std::string Streams(const proto::RunSnapshot& run) {
  std::vector<const proto::StreamSnapshot*> streams;
  for (const proto::StreamSnapshot& stream : run.streams()) {
    streams.push_back(&stream);
  }
  std::stable_partition(streams.begin(), streams.end(), [](const auto* stream) {
    return !stream->problem().empty() || stream->failed() > 0;
  });
  std::string cards;
  for (const proto::StreamSnapshot* stream : streams) {
    cards += StreamCard(*stream);
  }
  return Section("By registry", cards);
}

// The slowest repositories, and the rest.

std::string Seconds(double seconds) {
  const auto tenths = static_cast<uint64_t>(std::llround(seconds * 10));
  return absl::StrCat(Number(tenths / 10), ".", tenths % 10);
}

std::string WorkRow(const Report::RepositoryWork& work) {
  std::string where = ImageName(work.registry, work.repository);
  if (!work.target.empty()) {
    absl::StrAppend(&where, " → ", DisplayRegistry(work.target));
  }
  return absl::StrCat(
      In("tr",
         absl::StrCat(
             In("td class='number' data-unit='s'", Seconds(work.seconds)),
             In("td", absl::StrCat(Escape(work.policy), " ", Code(where))),
             In("td class='number' data-unit='requests'",
                Number(work.counts.requests())),
             In("td", ActionsLine(work.counts)))),
      "\n");
}

std::string Slowest(const Report& report) {
  if (report.slowest.empty()) return "";
  std::string rows;
  for (const Report::RepositoryWork& work : report.slowest) {
    rows += WorkRow(work);
  }
  return Section(
      "Slowest repositories",
      In("table",
         absl::StrCat(In("thead",
                         "<tr><th class='number'>Seconds</th><th>Where</th>"
                         "<th class='number'>Requests</th><th>Actions</th>"
                         "</tr>"),
                      "\n", In("tbody", rows))));
}

std::string Notes(const proto::RunSnapshot& run) {
  std::string notes;
  for (const std::string& note : run.notes()) notes += In("li", Escape(note));
  if (run.totals().deleted() > 0) {
    notes += In("li",
                "Deleting frees no storage by itself: run the registry's "
                "garbage collection.");
  }
  return notes.empty() ? "" : Section("Notes", In("ul class='notes'", notes));
}

}  // namespace

std::string HtmlReport(const Report& report) {
  const proto::RunSnapshot& run = report.run;
  const std::string title =
      absl::StrCat(NameOf(run), ": ", StandingOf(run).words);
  return absl::StrCat(
      kHead, In("title", title), "\n", In("style", kHtmlStyle),
      "</head>\n<body><main>\n", Header(run), "\n", Failures(report),
      Figures(run.totals()), Timeline(report), Streams(run), Slowest(report),
      Notes(run),
      In("footer",
         "Every action has its line, with its reason, in the run's "
         "outcomes.jsonl."),
      "\n</main></body></html>\n");
}

}  // namespace registry_manager
