// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/display.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/reference/printable.h"
#include "coordinator/console/terminal_text.h"
#include "coordinator/words/count_words.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

// Rates are those of the last half minute.
constexpr absl::Duration kWindow = absl::Seconds(30);
constexpr int kFailuresShown = 3;
// The width of a name that must not be shortened.
constexpr int kWidest = 1000;
constexpr int kBarColumns = 20;
// A shorter bar says nothing.
constexpr int kFewestBarColumns = 8;
// Below, the time that is left would be a guess.
constexpr absl::Duration kEvidence = absl::Seconds(5);
constexpr uint64_t kFewestRepositories = 3;

uint64_t Ended(const proto::StreamSnapshot& stream) {
  return stream.done() + stream.skipped() + stream.failed();
}

uint64_t Actions(const proto::Counts& counts) {
  return SumOf(counts, {CountGroup::kPlanned, CountGroup::kChanged,
                        CountGroup::kPassedOver, CountGroup::kStaying});
}

std::string Bar(uint64_t part, uint64_t whole, int columns) {
  const int filled = whole == 0 ? 0
                                : static_cast<int>(std::min<uint64_t>(
                                      columns, part * columns / whole));
  std::string bar;
  for (int i = 0; i < columns; ++i) {
    absl::StrAppend(&bar, i < filled ? "━" : "─");
  }
  return bar;
}

std::string Header(const proto::RunSnapshot& snapshot, absl::Time now) {
  // Runs of other verbs are not kept, so nobody can ask for them by their
  // names.
  const bool is_kept = snapshot.verb() != "plan" && snapshot.verb() != "list";
  std::string line =
      absl::StrCat(is_kept ? absl::StrCat("run ", snapshot.run(), "  ") : "",
                   snapshot.verb(), " ", Printable(snapshot.config()));
  if (snapshot.dry_run()) absl::StrAppend(&line, " (dry run)");
  const absl::Duration age = now - absl::FromUnixSeconds(snapshot.begun_unix());
  absl::StrAppend(&line, "  ", Roughly(std::max(age, absl::ZeroDuration())),
                  "  ");
  if (snapshot.workers() == 0) return line + "waiting for workers";
  absl::StrAppend(&line, Plural(snapshot.workers(), "worker", "workers"), ", ",
                  snapshot.slots_in_use(), " of ", snapshot.slots(),
                  " slots busy");
  return line;
}

// "250 of 1,000".
std::string CountOf(const proto::StreamSnapshot& stream) {
  if (stream.repositories() == 0 && !stream.listed()) return "not listed yet";
  return absl::StrCat(Number(Ended(stream)), " of ",
                      stream.listed() ? "" : "at least ",
                      Number(stream.repositories()));
}

bool IsOver(const proto::StreamSnapshot& stream) {
  return stream.listed() && Ended(stream) >= stream.repositories();
}

// Returns the line about a registry; "": nothing about it is worth a line.
std::string RegistryLine(const proto::RegistrySnapshot& registry,
                         absl::Time now) {
  const std::string name =
      absl::StrCat("  ", DisplayRegistry(registry.registry()), ": ");
  const absl::Duration parked =
      absl::Ceil(absl::FromUnixMillis(registry.parked_until_unix_ms()) - now,
                 absl::Seconds(1));
  if (parked > absl::ZeroDuration()) {
    return absl::StrCat(name, "asked to wait, goes on in ", Roughly(parked));
  }
  if (registry.waiting_for_rate() > 0) {
    return absl::StrCat(
        name, "held back by requests-per-second: ",
        Plural(registry.waiting_for_rate(), "request", "requests"));
  }
  return "";
}

std::string SilenceOf(const proto::StreamSnapshot& stream,
                      const proto::RunSnapshot& snapshot, absl::Time now) {
  for (const proto::RegistrySnapshot& registry : snapshot.registries()) {
    const bool is_target = registry.registry() == stream.target();
    if (!is_target && registry.registry() != stream.registry()) continue;
    const std::string text = SilentText(registry, now);
    if (text.empty()) continue;
    // A sync has two ends.
    return stream.target().empty()
               ? text
               : absl::StrCat(is_target ? "target: " : "source: ", text);
  }
  return "";
}

std::string Label(const proto::StreamSnapshot& stream, int columns) {
  const std::string policy = absl::StrCat(stream.policy(), " ");
  const std::string source = DisplayRegistry(stream.registry());
  if (stream.target().empty()) {
    return policy + ShortenToWidth(source, columns - TerminalWidth(policy));
  }
  constexpr absl::string_view kArrow = " -> ";
  const std::string target = DisplayRegistry(stream.target());
  const int room = columns - TerminalWidth(policy) - TerminalWidth(kArrow);
  // Columns that one name does not need go to the other name.
  const int for_source = std::max(room / 2, room - TerminalWidth(target));
  const int for_target = room - std::min(for_source, TerminalWidth(source));
  return absl::StrCat(policy, ShortenToWidth(source, for_source), kArrow,
                      ShortenToWidth(target, for_target));
}

}  // namespace

void Display::Observe(size_t stream, const proto::StreamSnapshot& snapshot,
                      absl::Time now) {
  if (samples_.size() <= stream) samples_.resize(stream + 1);
  std::deque<Sample>& samples = samples_[stream];
  // A stream that waits for another has no rate yet.
  if (samples.size() == 1 && Actions(snapshot.counts()) == 0) samples.clear();
  samples.push_back({now, Ended(snapshot), Actions(snapshot.counts()),
                     snapshot.counts().bytes_copied()});
  while (samples.size() > 2 && now - samples.front().at > kWindow) {
    samples.pop_front();
  }
}

Display::Rates Display::RatesOf(size_t stream) const {
  const Sample& first = samples_[stream].front();
  const Sample& last = samples_[stream].back();
  const double seconds = absl::ToDoubleSeconds(last.at - first.at);
  if (seconds < 1) return {};
  const auto rate = [seconds](uint64_t from, uint64_t to) {
    return to > from ? static_cast<double>(to - from) / seconds : 0.0;
  };
  return {rate(first.actions, last.actions), rate(first.bytes, last.bytes)};
}

std::string Display::TimeLeft(size_t stream, uint64_t repositories) const {
  const std::deque<Sample>& samples = samples_[stream];
  const Sample& first = samples.front();
  const Sample& last = samples.back();
  const absl::Duration time = last.at - first.at;
  if (time < kEvidence ||
      last.repositories < first.repositories + kFewestRepositories) {
    return "";
  }
  const absl::Duration left =
      time * static_cast<double>(repositories) /
      static_cast<double>(last.repositories - first.repositories);
  // If no repository has ended for longer than the estimate, the rest take
  // longer than those before: the estimate is wrong.
  const auto latest = std::find_if(
      samples.begin(), samples.end(), [&last](const Sample& sample) {
        return sample.repositories == last.repositories;
      });
  if (last.at - latest->at > left) return "";
  return absl::StrCat(Roughly(absl::Ceil(left, absl::Seconds(1))), " left");
}

Display::StreamText Display::Describe(size_t number,
                                      const proto::RunSnapshot& snapshot,
                                      absl::Time now) const {
  using Standing = StreamText::Standing;
  const proto::StreamSnapshot& stream =
      snapshot.streams(static_cast<int>(number));
  const uint64_t ended = Ended(stream);
  StreamText text = {&stream, CountOf(stream), "",
                     WorkLine(stream, RatesOf(number)), Standing::kWaiting};
  if (!stream.problem().empty()) {
    text.rest = Printable(stream.problem(), 500);
    text.standing = Standing::kOver;
    return text;
  }
  if (IsOver(stream)) {
    text.standing = Standing::kOver;
    return text;
  }
  text.rest = SilenceOf(stream, snapshot, now);
  if (!text.rest.empty()) return text;
  if (ended > 0 || Actions(stream.counts()) > 0) {
    text.standing = Standing::kUnderWay;
  }
  if (stream.listed()) {
    text.rest = TimeLeft(number, stream.repositories() - ended);
  }
  return text;
}

std::string Display::WorkLine(const proto::StreamSnapshot& stream,
                              const Rates& rates) const {
  std::string line = ActionsLine(stream.counts());
  if (line.empty()) return line;
  const bool is_over = IsOver(stream);
  if (!is_over && rates.actions >= 1) {
    absl::StrAppend(&line, "; ", Number(static_cast<uint64_t>(rates.actions)),
                    " tags/s");
  }
  if (!is_over && rates.bytes >= 1) {
    absl::StrAppend(&line, ", ", Bytes(static_cast<uint64_t>(rates.bytes)),
                    "/s");
  }
  return absl::StrCat("  ", line);
}

std::vector<Display::Line> Display::AlertLines(
    const proto::RunSnapshot& snapshot, absl::Time now) {
  using Kind = Line::Kind;
  std::vector<Line> lines;
  for (const proto::RegistrySnapshot& registry : snapshot.registries()) {
    const std::string line = RegistryLine(registry, now);
    if (!line.empty()) lines.push_back({Kind::kWarning, line});
  }
  if (snapshot.journal_away()) {
    lines.push_back({Kind::kWarning,
                     "  the journal cannot be written: nothing new is begun"});
  }
  const int failures = snapshot.failures_size();
  for (int i = std::max(0, failures - kFailuresShown); i < failures; ++i) {
    lines.push_back(
        {Kind::kFailure, "  failed: " + FailureText(snapshot.failures(i))});
  }
  return lines;
}

std::vector<Display::Line> Display::StreamLines(
    const std::vector<StreamText>& streams, int columns, size_t rows) {
  size_t work_lines = 0;
  int labels = 0, counts = 0, rests = 0;
  for (const StreamText& text : streams) {
    work_lines += !text.work.empty();
    labels = std::max(labels, TerminalWidth(Label(*text.stream, kWidest)));
    counts = std::max(counts, TerminalWidth(text.count));
    // The reason why a stream has ended gets only the room that is left, so its
    // length does not count here.
    if (text.standing == StreamText::Standing::kOver || text.rest.empty()) {
      continue;
    }
    rests = std::max(rests, TerminalWidth(text.rest) + 2);
  }
  // The bar is the first to give way.
  const int left = columns - labels - counts - rests - 4;
  const int bar = left < kFewestBarColumns ? 0 : std::min(left, kBarColumns);
  labels = std::clamp(columns - counts - 2, std::min(12, labels), labels);
  const bool shows_work = streams.size() + work_lines <= rows;
  std::vector<const StreamText*> shown;
  for (const StreamText& text : streams) shown.push_back(&text);
  std::stable_sort(shown.begin(), shown.end(),
                   [](const StreamText* a, const StreamText* b) {
                     return a->standing < b->standing;
                   });
  // If there is too little room, streams at the end of this order are left out;
  // the others stay in their original order.
  const size_t most =
      streams.size() <= rows ? rows : std::max<size_t>(rows, 1) - 1;
  if (shown.size() > most) shown.resize(most);
  std::sort(shown.begin(), shown.end());
  std::vector<Line> lines;
  for (const StreamText* text : shown) {
    std::string line = Label(*text->stream, labels);
    line.append(labels - std::min(labels, TerminalWidth(line)), ' ');
    if (bar > 0) {
      absl::StrAppend(
          &line, "  ",
          Bar(Ended(*text->stream), text->stream->repositories(), bar));
    }
    absl::StrAppend(&line, "  ", text->count, text->rest.empty() ? "" : "  ",
                    text->rest);
    lines.push_back({Line::Kind::kPlain, line});
    if (shows_work && !text->work.empty()) {
      lines.push_back({Line::Kind::kPlain, text->work});
    }
  }
  if (shown.size() < streams.size() && rows > 0) {
    lines.push_back(
        {Line::Kind::kPlain,
         absl::StrCat("  and ", streams.size() - shown.size(), " more")});
  }
  return lines;
}

std::vector<Display::Line> Display::Render(const proto::RunSnapshot& snapshot,
                                           Size size, absl::Time now) {
  const int columns = size.columns - 1;
  const size_t rows = std::max(0, size.rows - 1);
  std::vector<StreamText> streams;
  for (int i = 0; i < snapshot.streams_size(); ++i) {
    Observe(i, snapshot.streams(i), now);
    streams.push_back(Describe(i, snapshot, now));
  }
  std::vector<Line> alerts = AlertLines(snapshot, now);
  // One line for the header and, where there is room, some for the streams.
  const size_t room = rows > 0 ? rows - 1 : 0;
  const size_t for_alerts =
      room - std::min(room, std::min<size_t>(2, streams.size()));
  if (alerts.size() > for_alerts) {
    alerts.erase(alerts.begin(), alerts.end() - for_alerts);
  }
  std::vector<Line> lines = {{Line::Kind::kHeader, Header(snapshot, now)}};
  for (Line& line : StreamLines(streams, columns, room - alerts.size())) {
    lines.push_back(std::move(line));
  }
  for (Line& line : alerts) lines.push_back(std::move(line));
  lines.resize(std::min(lines.size(), rows));
  for (Line& line : lines) {
    line.text = CutToWidth(line.text, columns);
    if (!size.is_utf8) {
      line.text =
          absl::StrReplaceAll(line.text, {{"━", "#"}, {"─", "-"}, {"…", "~"}});
    }
  }
  return lines;
}

}  // namespace registry_manager
