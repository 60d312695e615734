// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/reporter.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/log/json_log.h"
#include "common/reference/printable.h"
#include "coordinator/run/message_json.h"
#include "coordinator/run/standard_output.h"
#include "coordinator/run/terminal_text.h"
#include "coordinator/run/text.h"

namespace registry_manager {
namespace {

using proto::Action;

constexpr absl::Duration kProgressLine = absl::Seconds(5);
constexpr absl::Duration kSaveEvery = absl::Seconds(1);
constexpr size_t kMaxFailures = 1000;
// Shorter waits are in the display and in the report's sum alone.
constexpr absl::Duration kParkedForLong = absl::Minutes(1);
// A notice that is repeated tells nothing; so many are remembered.
constexpr size_t kMaxTold = 10000;
// A digest would push everything else to the right.
constexpr int kWidestReference = 40;

const char* LogName(Action::Verb verb) {
  switch (verb) {
    case Action::DELETE_TAG:
      return "delete";
    case Action::UNTAG:
      return "untag";
    case Action::DELETE_MANIFEST:
      return "delete-manifest";
    case Action::COPY_TAG:
      return "copy";
    case Action::COPY_REFERRER:
      return "copy-referrer";
    case Action::KEEP:
      return "keep";
    case Action::NOT_SELECTED:
      return "not-selected";
    default:
      return "";
  }
}

const char* LogName(Action::Result result) {
  switch (result) {
    case Action::PLANNED:
      return "planned";
    case Action::DONE:
      return "done";
    case Action::SKIPPED:
      return "skipped";
    default:
      return "failed";
  }
}

const char* LogName(proto::TaskResult::Outcome outcome) {
  switch (outcome) {
    case proto::TaskResult::SKIPPED:
      return "skipped";
    case proto::TaskResult::FAILED:
      return "failed";
    default:
      return "done";
  }
}

// What stands before a tag in the listing of a repository.
std::string Word(const Action& action) {
  const bool planned = action.result() == Action::PLANNED;
  if (action.result() == Action::FAILED) return "failed";
  if (action.verb() == Action::KEEP) return "keep";
  if (action.verb() == Action::NOT_SELECTED) return "not selected";
  if (action.result() == Action::SKIPPED) return "unchanged";
  switch (action.verb()) {
    case Action::DELETE_TAG:
      return planned ? "delete" : "deleted";
    case Action::UNTAG:
      return planned ? "untag" : "untagged";
    case Action::DELETE_MANIFEST:
      return planned ? "delete" : "deleted";
    default:
      return planned ? "copy" : "copied";
  }
}

std::string Padded(std::string text, int columns) {
  text.append(std::max(0, columns - TerminalWidth(text)), ' ');
  return text;
}

std::string Where(const Run::About& about) {
  return ImageName(about.stream->registry, about.repository);
}

std::string WhereTo(const Run::About& about) {
  return absl::StrCat(Where(about),
                      ToTarget(about.stream->target, about.target_repository));
}

// Nothing was done, and nothing went wrong.
bool IsQuiet(const proto::TaskResult& result) {
  const proto::Counts& counts = result.counts();
  return result.outcome() != proto::TaskResult::FAILED &&
         counts.to_copy() + counts.to_delete() + counts.to_untag() +
                 counts.manifests_to_delete() + counts.deleted() +
                 counts.untagged() + counts.manifests_deleted() +
                 counts.copied() + counts.failed() ==
             0;
}

}  // namespace

Reporter::Reporter(ReporterOptions options, std::optional<StateFolder> folder,
                   std::optional<OutcomeLog> log)
    : options_(options),
      folder_(std::move(folder)),
      log_(std::move(log)),
      screen_(std::make_unique<Screen>(options.progress && !options.list &&
                                       !options.log_json)),
      next_line_(absl::Now() + kProgressLine) {}

void Reporter::OnActions(
    const Run::About& about,
    const google::protobuf::RepeatedPtrField<Action>& actions) {
  Widths widths;
  for (const Action& action : actions) {
    if (!IsPrinted(action)) continue;
    const int width = TerminalWidth(Printable(action.reference()));
    if (width <= kWidestReference) {
      widths.reference = std::max(widths.reference, width);
    }
    widths.word = std::max(widths.word, TerminalWidth(Word(action)));
  }
  for (const Action& action : actions) {
    if (options_.list) {
      PrintImage(about, action.reference());
      continue;
    }
    Record(about, action);
    if (action.result() == Action::FAILED) {
      Fail(RecordOf(about), action.reference(), action.reason());
    }
    if (IsPrinted(action)) PrintAction(action, widths);
  }
}

void Reporter::OnEnded(const Run::About& about,
                       const proto::TaskResult& result) {
  if (about.stream == nullptr) return;
  const bool failed = result.outcome() == proto::TaskResult::FAILED;
  // A plan's notes belong to what it says of the repository.
  const bool notes_below =
      about.stream->dry_run && !about.is_listing && !options_.list;
  if (!notes_below) NoticeNotes(about, result);
  if (!options_.list && !about.is_listing &&
      (!IsQuiet(result) || options_.details ||
       (notes_below && result.notes_size() > 0))) {
    PrintHeadline(about, result);
  }
  for (int i = 0; notes_below && i < result.notes_size(); ++i) {
    Print(absl::StrCat("    note: ", Printable(result.notes(i), 2000)));
  }
  OnActions(about, result.actions());
  const std::string reason =
      failed ? Printable(result.problem().message(), 2000) : "";
  RecordTask(about, LogName(result.outcome()), reason, result);
  if (!failed) return;
  Fail(RecordOf(about), "", reason);
  if (about.is_listing || options_.list) {
    OnNotice(absl::StrCat(Where(about), ": ", reason));
  }
}

void Reporter::NoticeNotes(const Run::About& about,
                           const proto::TaskResult& result) {
  if (options_.list && !about.is_listing) return;
  const std::string where =
      about.is_listing ? about.stream->registry : Where(about);
  for (const std::string& note : result.notes()) {
    OnNotice(absl::StrCat(where, ": ", Printable(note, 2000)));
  }
}

void Reporter::OnRefused(const Run::About& about, const std::string& reason,
                         Run::Refusal why) {
  const bool skipped = why != Run::Refusal::kFailure;
  // What stops a whole stream is said once, by the stream.
  if (why == Run::Refusal::kFailure || why == Run::Refusal::kSyncFailed ||
      options_.details) {
    Print(absl::StrCat(about.stream->policy_name(), " ", WhereTo(about),
                       skipped ? ": not carried out: " : ": failed: ",
                       Printable(reason, 2000)));
  }
  proto::TaskResult nothing;
  if (!skipped) {
    Fail(RecordOf(about), "", reason);
    nothing.mutable_counts()->set_failed(1);
  }
  RecordTask(about, skipped ? "skipped" : "failed", reason, nothing);
}

absl::Status Reporter::OnCommit() {
  return log_ ? log_->Flush() : absl::OkStatus();
}

void Reporter::OnNotice(const std::string& text) {
  if (told_.size() > kMaxTold) told_.clear();
  if (!told_.insert(text).second) return;
  Say("notice", text);
}

void Reporter::OnChange(const std::string& text) { Say("notice", text); }

void Reporter::OnProgress(const proto::RunSnapshot& snapshot) {
  const absl::Time now = absl::Now();
  const bool is_running = snapshot.state() == proto::RunSnapshot::RUNNING;
  proto::RunSnapshot complete = snapshot;
  Complete(complete);
  if (!is_running || now >= next_save_) {
    next_save_ = now + kSaveEvery;
    Save(complete);
  }
  if (is_running) {
    MindOutput();
    TellParked(snapshot, now);
  }
  if (!options_.progress) return;
  if (screen_->is_live()) {
    if (is_running)
      screen_->Draw(display_.Render(complete, screen_->size(), now));
    return;
  }
  if (now < next_line_) return;
  next_line_ = now + kProgressLine;
  const std::string line = ProgressLine(snapshot);
  if (line != last_line_) Say("progress", line);
  last_line_ = line;
}

void Reporter::TellParked(const proto::RunSnapshot& snapshot, absl::Time now) {
  for (const proto::RegistrySnapshot& registry : snapshot.registries()) {
    const absl::Time until =
        absl::FromUnixMillis(registry.parked_until_unix_ms());
    if (until - now < kParkedForLong) continue;
    absl::Time& told = told_parked_[registry.registry()];
    // The same moment, as far as clocks tell.
    if (until - told < kParkedForLong) continue;
    told = until;
    Say("notice", ParkedText(registry, now));
  }
}

void Reporter::MindOutput() {
  const int error = StandardOutputError();
  if (error == 0 || is_output_lost_) return;
  is_output_lost_ = true;
  if (folder_) {
    OnNotice(absl::StrCat("standard output cannot be written: ",
                          strerror(error), "; the run goes on without it"));
    return;
  }
  // `plan | head`: what changes nothing is of no use any more.
  kill(getpid(), SIGTERM);
}

void Reporter::Save(const proto::RunSnapshot& complete) {
  fflush(stdout);
  if (log_) {
    const absl::Status status = log_->Flush();
    if (!status.ok()) OnNotice(std::string(status.message()));
  }
  if (folder_) {
    const absl::Status status = folder_->WriteSnapshot(complete);
    if (!status.ok()) OnNotice(std::string(status.message()));
  }
}

void Reporter::PrintHeadline(const Run::About& about,
                             const proto::TaskResult& result) {
  if (result.outcome() == proto::TaskResult::FAILED) {
    PrintFailure(absl::StrCat(
        about.stream->policy_name(), " ", WhereTo(about),
        ": failed: ", Printable(result.problem().message(), 2000)));
    return;
  }
  Print(absl::StrCat(about.stream->policy_name(), " ", WhereTo(about), ": ",
                     CountsLine(result.counts())));
}

void Reporter::PrintImage(const Run::About& about, const std::string& tag) {
  if (!options_.json) {
    screen_->Out(absl::StrCat(Where(about), ":", Printable(tag)));
    return;
  }
  const nlohmann::ordered_json line = {{"type", "image"},
                                       {"version", kJsonVersion},
                                       {"registry", about.stream->registry},
                                       {"repository", about.repository},
                                       {"tag", tag}};
  screen_->Out(
      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Reporter::Print(const std::string& line) {
  if (!options_.json) screen_->Out(line);
}

void Reporter::PrintFailure(const std::string& line) {
  Print(Red(line, MayColor(STDOUT_FILENO)));
}

void Reporter::Say(absl::string_view level, const std::string& text) {
  // That it ends early needs no word to one who has turned away.
  if (is_output_lost_ && !folder_) return;
  screen_->Err(options_.log_json
                   ? JsonLogLine(absl::Now(), "coordinator", level, text)
                   : text);
}

bool Reporter::IsPrinted(const Action& action) const {
  return options_.details || action.result() == Action::FAILED;
}

void Reporter::PrintAction(const Action& action, const Widths& widths) {
  std::string line = absl::StrCat(
      "    ", Padded(Printable(action.reference()), widths.reference), "  ");
  if (action.reason().empty()) {
    line += Word(action);
  } else {
    absl::StrAppend(&line, Padded(Word(action), widths.word), "  ",
                    Printable(action.reason(), 2000));
  }
  action.result() == Action::FAILED ? PrintFailure(line) : Print(line);
}

OutcomeRecord Reporter::RecordOf(const Run::About& about) {
  OutcomeRecord record;
  record.time = absl::ToUnixSeconds(absl::Now());
  record.policy = about.stream->policy_name();
  record.registry = about.stream->registry;
  record.target = about.stream->target;
  record.target_repository = about.target_repository;
  record.repository = about.repository;
  if (!about.is_listing) record.task = {about.shard, about.index};
  return record;
}

void Reporter::Record(const Run::About& about, const Action& action) {
  OutcomeRecord record = RecordOf(about);
  record.action = LogName(action.verb());
  record.result = LogName(action.result());
  record.reference = action.reference();
  record.digest = action.digest();
  record.reason = action.reason();
  Write(record);
}

void Reporter::RecordTask(const Run::About& about, const char* result,
                          const std::string& reason,
                          const proto::TaskResult& took) {
  OutcomeRecord record = RecordOf(about);
  record.kind = about.is_listing ? OutcomeRecord::Kind::kCatalogue
                                 : OutcomeRecord::Kind::kRepository;
  record.result = result;
  record.reason = reason;
  record.seconds = static_cast<double>(took.duration_ms()) / 1000;
  record.counts = took.counts();
  record.notes.assign(took.notes().begin(), took.notes().end());
  Write(record);
}

void Reporter::Write(const OutcomeRecord& record) {
  if (log_) log_->Append(record);
  if (log_ && log_->is_cut()) {
    OnNotice(absl::StrCat("outcomes.jsonl holds more than ",
                          Bytes(OutcomeLog::kMaxActions),
                          ": from here on, of actions only those that failed "
                          "are written there"));
  }
  if (options_.json && !options_.list) screen_->Out(JsonLine(record));
}

void Reporter::Fail(const OutcomeRecord& where, const std::string& reference,
                    const std::string& reason) {
  ++failures_total_;
  if (failures_.size() >= kMaxFailures) return;
  proto::Failure failure;
  failure.set_registry(where.registry);
  failure.set_repository(where.repository);
  failure.set_target(where.target);
  failure.set_target_repository(where.target_repository);
  failure.set_reference(reference);
  failure.set_reason(reason);
  failures_.push_back(std::move(failure));
}

void Reporter::Complete(proto::RunSnapshot& snapshot) const {
  snapshot.set_verb(header_.verb());
  snapshot.set_config(header_.config());
  snapshot.set_config_path(header_.config_path());
  snapshot.set_retry_of(header_.retry_of());
  snapshot.set_dry_run(header_.dry_run());
  snapshot.set_begun_unix(header_.begun_unix());
  snapshot.set_begun_unix_ms(header_.begun_unix_ms());
  const absl::Time now = absl::Now();
  snapshot.set_updated_unix(absl::ToUnixSeconds(now));
  snapshot.set_updated_unix_ms(absl::ToUnixMillis(now));
  for (const std::string& note : header_.notes()) snapshot.add_notes(note);
  for (const proto::Failure& failure : failures_) {
    *snapshot.add_failures() = failure;
  }
  snapshot.set_failures_total(failures_total_);
}

void Reporter::RememberFailure(const OutcomeRecord& record) {
  Fail(record, record.reference, record.reason);
}

void Reporter::Flush() {
  screen_->Clear();
  fflush(stdout);
  if (log_) log_->Flush().IgnoreError();
}

}  // namespace registry_manager
