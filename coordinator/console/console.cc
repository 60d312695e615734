// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/console.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/log/json_log.h"
#include "common/reference/printable.h"
#include "coordinator/console/standard_output.h"
#include "coordinator/console/terminal_text.h"
#include "coordinator/records/message_json.h"
#include "coordinator/words/count_words.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kProgressLine = absl::Seconds(5);
// Shorter waits are in the display and in the report's sum alone.
constexpr absl::Duration kParkedForLong = absl::Minutes(1);
// Shorter silences are in the display alone.
constexpr absl::Duration kSilentForLong = absl::Seconds(10);
// A silent registry is told of again after so long.
constexpr absl::Duration kSilenceAgain = absl::Minutes(1);
// A notice that is repeated tells nothing; so many are remembered.
constexpr size_t kMaxTold = 10000;
// A digest would push everything else to the right.
constexpr int kWidestReference = 40;
constexpr size_t kMaxReason = 2000;

// The word that stands beside a tag in the listing of a repository.
std::string Word(const OutcomeRecord& record) {
  const std::string& action = record.action;
  const bool planned = record.result == "planned";
  if (record.result == "failed") return "failed";
  if (action == "keep") return "keep";
  if (action == "not-selected") return "not selected";
  if (record.result == "skipped") return "unchanged";
  if (action == "delete" || action == "delete-manifest") {
    return planned ? "delete" : "deleted";
  }
  if (action == "untag") return planned ? "untag" : "untagged";
  return planned ? "copy" : "copied";
}

std::string Padded(std::string text, int columns) {
  text.append(std::max(0, columns - TerminalWidth(text)), ' ');
  return text;
}

std::string Where(const OutcomeRecord& record) {
  return ImageName(record.registry, record.repository);
}

std::string WhereTo(const OutcomeRecord& record) {
  return absl::StrCat(Where(record),
                      ToTarget(record.target, record.target_repository));
}

bool IsListing(const OutcomeRecord& end) {
  return end.kind == OutcomeRecord::Kind::kCatalogue;
}

// Nothing was done, and nothing went wrong.
bool IsQuiet(const OutcomeRecord& end) {
  return end.result != "failed" && end.reason.empty() &&
         SumOf(end.counts, {CountGroup::kPlanned, CountGroup::kChanged,
                            CountGroup::kFailed}) == 0;
}

}  // namespace

Console::Console(ConsoleOptions options)
    : options_(options),
      screen_(std::make_unique<Screen>(options.progress && !options.list &&
                                       !options.log_json)),
      next_line_(absl::Now() + kProgressLine) {}

void Console::Show(const TaskRecords& records) {
  if (options_.list) {
    ShowImages(records);
  } else if (options_.json) {
    ShowForProgram(records);
  } else {
    ShowForPerson(records);
  }
}

void Console::ShowImages(const TaskRecords& records) {
  for (const OutcomeRecord& image : records.actions) {
    if (!options_.json) {
      screen_->Out(absl::StrCat(Where(image), ":", Printable(image.reference)));
      continue;
    }
    const nlohmann::ordered_json line = {{"type", "image"},
                                         {"version", kJsonVersion},
                                         {"registry", image.registry},
                                         {"repository", image.repository},
                                         {"tag", image.reference}};
    screen_->Out(
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  if (!records.end) return;
  if (IsListing(*records.end)) NoticeNotes(*records.end);
  if (records.end->result == "failed") {
    Notice(absl::StrCat(Where(*records.end), ": ", records.end->reason));
  }
}

void Console::ShowForProgram(const TaskRecords& records) {
  for (const OutcomeRecord& action : records.actions) {
    screen_->Out(JsonLine(action));
  }
  if (!records.end) return;
  const OutcomeRecord& end = *records.end;
  // The notes of a plan are in the record.
  if (!records.dry_run || IsListing(end)) NoticeNotes(end);
  screen_->Out(JsonLine(end));
  if (IsListing(end) && end.result == "failed") {
    Notice(absl::StrCat(Where(end), ": ", end.reason));
  }
}

void Console::ShowForPerson(const TaskRecords& records) {
  if (!records.end) {
    PrintActions(records.actions);
    return;
  }
  const OutcomeRecord& end = *records.end;
  // A plan's notes belong to what it says of the repository.
  const bool notes_below = records.dry_run && !IsListing(end);
  if (!notes_below) NoticeNotes(end);
  const bool says_something =
      !records.has_notice &&
      (!IsQuiet(end) || (notes_below && !end.notes.empty()));
  if (!IsListing(end) && (says_something || options_.details)) {
    PrintHeadline(end);
  }
  if (notes_below) {
    for (const std::string& note : end.notes) {
      screen_->Out(absl::StrCat("    note: ", Printable(note, kMaxReason)));
    }
  }
  PrintActions(records.actions);
  if (IsListing(end) && end.result == "failed") {
    Notice(absl::StrCat(Where(end), ": ", end.reason));
  }
}

void Console::NoticeNotes(const OutcomeRecord& end) {
  const std::string where = IsListing(end) ? end.registry : Where(end);
  for (const std::string& note : end.notes) {
    Notice(absl::StrCat(where, ": ", Printable(note, kMaxReason)));
  }
}

void Console::PrintHeadline(const OutcomeRecord& end) {
  const std::string task = absl::StrCat(end.policy, " ", WhereTo(end));
  const std::string reason = Printable(end.reason, kMaxReason);
  if (end.result == "failed") {
    PrintFailure(absl::StrCat(task, ": failed: ", reason));
  } else if (!reason.empty()) {
    screen_->Out(absl::StrCat(task, ": not carried out: ", reason));
  } else {
    screen_->Out(absl::StrCat(task, ": ", CountsLine(end.counts)));
  }
}

void Console::PrintActions(const std::vector<OutcomeRecord>& actions) {
  Widths widths;
  for (const OutcomeRecord& action : actions) {
    if (!IsPrinted(action)) continue;
    const int width = TerminalWidth(Printable(action.reference));
    if (width <= kWidestReference) {
      widths.reference = std::max(widths.reference, width);
    }
    widths.word = std::max(widths.word, TerminalWidth(Word(action)));
  }
  for (const OutcomeRecord& action : actions) {
    if (IsPrinted(action)) PrintAction(action, widths);
  }
}

bool Console::IsPrinted(const OutcomeRecord& action) const {
  return options_.details || action.result == "failed";
}

void Console::PrintAction(const OutcomeRecord& action, const Widths& widths) {
  std::string line = absl::StrCat(
      "    ", Padded(Printable(action.reference), widths.reference), "  ");
  if (action.reason.empty()) {
    line += Word(action);
  } else {
    absl::StrAppend(&line, Padded(Word(action), widths.word), "  ",
                    Printable(action.reason, kMaxReason));
  }
  action.result == "failed" ? PrintFailure(line) : screen_->Out(line);
}

void Console::PrintFailure(const std::string& line) {
  screen_->Out(Red(line, MayColor(STDOUT_FILENO)));
}

void Console::Notice(const std::string& text) {
  if (told_.size() > kMaxTold) told_.clear();
  if (!told_.insert(text).second) return;
  Say("notice", text);
}

void Console::Change(const std::string& text) { Say("notice", text); }

void Console::Progress(const proto::RunSnapshot& snapshot) {
  const absl::Time now = absl::Now();
  const bool is_running = snapshot.state() == proto::RunSnapshot::RUNNING;
  fflush(stdout);
  if (is_running) {
    StopIfOutputFails();
    TellParked(snapshot, now);
  }
  if (!options_.progress) return;
  if (is_running && !screen_->is_live()) TellSilent(snapshot, now);
  if (screen_->is_live()) {
    if (is_running) {
      screen_->Draw(display_.Render(snapshot, screen_->size(), now));
    }
    return;
  }
  if (now < next_line_) return;
  next_line_ = now + kProgressLine;
  const std::string line = ProgressLine(snapshot);
  if (line != last_line_) Say("progress", line);
  last_line_ = line;
}

void Console::TellParked(const proto::RunSnapshot& snapshot, absl::Time now) {
  for (const proto::RegistrySnapshot& registry : snapshot.registries()) {
    const absl::Time until =
        absl::FromUnixMillis(registry.parked_until_unix_ms());
    if (until - now < kParkedForLong) continue;
    absl::Time& told = told_parked_[registry.registry()];
    // It is the moment that was told already, as far as clocks tell.
    if (until - told < kParkedForLong) continue;
    told = until;
    Say("notice", ParkedText(registry, now));
  }
}

void Console::TellSilent(const proto::RunSnapshot& snapshot, absl::Time now) {
  for (const proto::RegistrySnapshot& registry : snapshot.registries()) {
    const absl::Time since =
        absl::FromUnixMillis(registry.silent_since_unix_ms());
    const std::string text =
        now - since < kSilentForLong ? "" : SilentText(registry, now);
    absl::Time& next = next_silence_[registry.registry()];
    if (text.empty()) {
      next = absl::InfinitePast();
    } else if (now >= next) {
      next = now + kSilenceAgain;
      Say("notice",
          absl::StrCat(DisplayRegistry(registry.registry()), ": ", text));
    }
  }
}

void Console::StopIfOutputFails() {
  const int error = StandardOutputError();
  if (error == 0 || is_output_lost_) return;
  is_output_lost_ = true;
  if (options_.keeps_run) {
    Notice(absl::StrCat("standard output cannot be written: ", strerror(error),
                        "; the run goes on without it"));
    return;
  }
  // `plan | head`: a run that changes nothing is of no use any more.
  kill(getpid(), SIGTERM);
}

void Console::Say(absl::string_view level, const std::string& text) {
  // Someone who has turned away need not hear that the run ends early.
  if (is_output_lost_ && !options_.keeps_run) return;
  screen_->Err(options_.log_json
                   ? JsonLogLine(absl::Now(), "coordinator", level, text)
                   : text);
}

void Console::Clear() {
  screen_->Clear();
  fflush(stdout);
}

}  // namespace registry_manager
