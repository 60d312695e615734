// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/html_chart.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/report/html_parts.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

std::string Percent(double share) {
  return absl::StrFormat("%.2f%%", 100 * share);
}

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
  constexpr double kLeast = 0.025;
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

}  // namespace

std::string ChartSection(const Report& report) {
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

}  // namespace registry_manager
