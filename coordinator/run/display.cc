// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/display.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/reference/printable.h"
#include "coordinator/run/text.h"

namespace registry_manager {
namespace {

// Rates are those of the last half minute.
constexpr absl::Duration kWindow = absl::Seconds(30);
constexpr int kFailuresShown = 3;
constexpr int kBarColumns = 20;
// Below, a bar would leave no room for words.
constexpr int kColumnsForBar = 70;

uint64_t Ended(const proto::StreamSnapshot& stream) {
  return stream.done() + stream.skipped() + stream.failed();
}

uint64_t Actions(const proto::Counts& counts) {
  return counts.copied() + counts.deleted() + counts.untagged() +
         counts.manifests_deleted() + counts.to_copy() + counts.to_delete() +
         counts.to_untag() + counts.manifests_to_delete() + counts.skipped() +
         counts.kept() + counts.not_selected();
}

std::string Bar(uint64_t part, uint64_t whole) {
  const uint64_t filled =
      whole == 0 ? 0
                 : std::min<uint64_t>(kBarColumns, part * kBarColumns / whole);
  std::string bar;
  for (uint64_t i = 0; i < kBarColumns; ++i) {
    absl::StrAppend(&bar, i < filled ? "━" : "─");
  }
  return bar;
}

// "41 s", "12 min", "3 h 20 min".
std::string Roughly(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 100) return absl::StrCat(seconds, " s");
  const int64_t minutes = seconds / 60;
  if (minutes < 100) return absl::StrCat(minutes, " min");
  return absl::StrCat(minutes / 60, " h ", minutes % 60, " min");
}

std::string Header(const proto::RunSnapshot& snapshot, absl::Time now) {
  std::string line = absl::StrCat(
      snapshot.run().empty() ? "" : absl::StrCat("run ", snapshot.run(), "  "),
      snapshot.verb(), " ", Printable(snapshot.config()));
  if (snapshot.dry_run()) absl::StrAppend(&line, " (dry run)");
  const absl::Duration age = now - absl::FromUnixSeconds(snapshot.begun_unix());
  absl::StrAppend(&line, "  ", Roughly(std::max(age, absl::ZeroDuration())),
                  "  ", Plural(snapshot.workers(), "worker", "workers"), ", ",
                  snapshot.slots_in_use(), " of ", snapshot.slots(),
                  " slots busy");
  return line;
}

bool IsOver(const proto::StreamSnapshot& stream) {
  return stream.listed() && Ended(stream) >= stream.repositories();
}

// What of a registry is worth a line.
std::string RegistryLine(const proto::RegistrySnapshot& registry,
                         absl::Time now) {
  const absl::Duration parked =
      absl::FromUnixMillis(registry.parked_until_unix_ms()) - now;
  if (parked <= absl::ZeroDuration()) return "";
  return absl::StrCat("  ", DisplayRegistry(registry.registry()),
                      ": asked to wait, goes on in ",
                      Roughly(absl::Ceil(parked, absl::Seconds(1))));
}

}  // namespace

int TerminalWidth(absl::string_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = text[i];
    if ((byte & 0xC0) == 0x80) continue;
    // From U+1100 on (three bytes: E1 84 80) characters may be wide; those that
    // are drawn here (U+2000 to U+2BFF) are not.
    const bool may_be_wide =
        byte > 0xE1 ||
        (byte == 0xE1 && i + 1 < text.size() && (text[i + 1] & 0xFF) >= 0x84);
    width += may_be_wide && byte != 0xE2 ? 2 : 1;
  }
  return width;
}

std::string CutToWidth(absl::string_view text, int columns) {
  if (TerminalWidth(text) <= columns) return std::string(text);
  size_t size = text.size();
  while (size > 0 && TerminalWidth(text.substr(0, size)) > columns - 1) {
    do {
      --size;
    } while (size > 0 && (text[size] & 0xC0) == 0x80);
  }
  return columns < 1 ? "" : absl::StrCat(text.substr(0, size), "…");
}

Display::Rates Display::Observe(size_t stream,
                                const proto::StreamSnapshot& snapshot,
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
  const Sample& first = samples.front();
  const Sample& last = samples.back();
  const double seconds = absl::ToDoubleSeconds(last.at - first.at);
  if (seconds < 1) return {};
  const auto rate = [seconds](uint64_t from, uint64_t to) {
    return to > from ? static_cast<double>(to - from) / seconds : 0.0;
  };
  return {rate(first.repositories, last.repositories),
          rate(first.actions, last.actions), rate(first.bytes, last.bytes)};
}

std::string Display::StreamLine(const proto::StreamSnapshot& stream,
                                const Rates& rates, int columns) const {
  std::string line =
      absl::StrCat(stream.policy(), " ", DisplayRegistry(stream.registry()));
  if (!stream.target().empty()) {
    absl::StrAppend(&line, " -> ", DisplayRegistry(stream.target()));
  }
  const int label = std::max(12, columns / 3);
  line = CutToWidth(line, label);
  line.append(label - std::min(label, TerminalWidth(line)), ' ');
  absl::StrAppend(&line, "  ");
  const uint64_t ended = Ended(stream);
  if (columns >= kColumnsForBar) {
    absl::StrAppend(&line, Bar(ended, stream.repositories()), "  ");
  }
  if (stream.repositories() == 0 && !stream.listed() &&
      stream.problem().empty()) {
    absl::StrAppend(&line, "not begun");
    return line;
  }
  absl::StrAppend(&line, Number(ended), " of ",
                  stream.listed() ? "" : "at least ",
                  Number(stream.repositories()));
  const uint64_t left =
      stream.repositories() - std::min(ended, stream.repositories());
  if (!stream.problem().empty()) {
    absl::StrAppend(&line, "  ", Printable(stream.problem(), 500));
    return line;
  }
  if (left == 0 && stream.listed()) return line;
  if (stream.listed() && rates.repositories > 0) {
    absl::StrAppend(
        &line, "  ",
        Roughly(absl::Seconds(static_cast<double>(left) / rates.repositories)),
        " left");
  }
  return line;
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
    const std::vector<StreamText>& streams, size_t rows) {
  size_t work_lines = 0;
  for (const StreamText& stream : streams) work_lines += !stream.work.empty();
  const bool shows_work = streams.size() + work_lines <= rows;
  std::vector<const StreamText*> shown;
  for (const bool over : {false, true}) {
    for (const StreamText& stream : streams) {
      if (stream.is_over == over) shown.push_back(&stream);
    }
  }
  // Those that are over are the first to go; the others stay in their order.
  const size_t most =
      streams.size() <= rows ? rows : std::max<size_t>(rows, 1) - 1;
  if (shown.size() > most) shown.resize(most);
  std::sort(shown.begin(), shown.end());
  std::vector<Line> lines;
  for (const StreamText* stream : shown) {
    lines.push_back({Line::Kind::kPlain, stream->progress});
    if (shows_work && !stream->work.empty()) {
      lines.push_back({Line::Kind::kPlain, stream->work});
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
    const proto::StreamSnapshot& stream = snapshot.streams(i);
    const Rates rates = Observe(i, stream, now);
    streams.push_back({StreamLine(stream, rates, columns),
                       WorkLine(stream, rates), IsOver(stream)});
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
  for (Line& line : StreamLines(streams, room - alerts.size())) {
    lines.push_back(std::move(line));
  }
  for (Line& line : alerts) lines.push_back(std::move(line));
  lines.resize(std::min(lines.size(), rows));
  for (Line& line : lines) line.text = CutToWidth(line.text, columns);
  return lines;
}

}  // namespace registry_manager
