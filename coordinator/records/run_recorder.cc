// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/run_recorder.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/reference/printable.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

using proto::Action;

constexpr absl::Duration kSaveEvery = absl::Seconds(1);
constexpr size_t kMaxReason = 2000;

const char* NameOf(Action::Verb verb) {
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

const char* NameOf(Action::Result result) {
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

const char* NameOf(proto::TaskResult::Outcome outcome) {
  switch (outcome) {
    case proto::TaskResult::SKIPPED:
      return "skipped";
    case proto::TaskResult::FAILED:
      return "failed";
    default:
      return "done";
  }
}

OutcomeRecord RecordFor(const Run::About& about) {
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

OutcomeRecord EndOf(const Run::About& about, const char* result,
                    const std::string& reason, const proto::TaskResult& took) {
  OutcomeRecord record = RecordFor(about);
  record.kind = about.is_listing ? OutcomeRecord::Kind::kCatalogue
                                 : OutcomeRecord::Kind::kRepository;
  record.result = result;
  record.reason = reason;
  record.seconds = static_cast<double>(took.duration_ms()) / 1000;
  record.counts = took.counts();
  record.notes.assign(took.notes().begin(), took.notes().end());
  return record;
}

}  // namespace

RunRecorder::RunRecorder(std::optional<StateFolder> folder,
                         std::optional<OutcomeLog> log, RecordView* view)
    : folder_(std::move(folder)), log_(std::move(log)), view_(view) {}

std::vector<OutcomeRecord> RunRecorder::RecordActions(
    const Run::About& about,
    const google::protobuf::RepeatedPtrField<Action>& actions) {
  std::vector<OutcomeRecord> records;
  for (const Action& action : actions) {
    OutcomeRecord& record = records.emplace_back(RecordFor(about));
    record.action = NameOf(action.verb());
    record.result = NameOf(action.result());
    record.reference = action.reference();
    record.digest = action.digest();
    record.reason = action.reason();
    Write(record);
    if (action.result() == Action::FAILED) failures_.Add(record);
  }
  return records;
}

void RunRecorder::OnActions(
    const Run::About& about,
    const google::protobuf::RepeatedPtrField<Action>& actions) {
  view_->Show({RecordActions(about, actions), std::nullopt,
               about.stream->dry_run, false});
}

void RunRecorder::OnEnded(const Run::About& about,
                          const proto::TaskResult& result) {
  if (about.stream == nullptr) return;
  const bool failed = result.outcome() == proto::TaskResult::FAILED;
  const std::string reason =
      failed ? Printable(result.problem().message(), kMaxReason) : "";
  TaskRecords records = {RecordActions(about, result.actions()),
                         EndOf(about, NameOf(result.outcome()), reason, result),
                         about.stream->dry_run, false};
  Write(*records.end);
  if (failed) failures_.Add(*records.end);
  view_->Show(records);
}

void RunRecorder::OnRefused(const Run::About& about, const std::string& reason,
                            Run::Refusal why) {
  const bool failed = why == Run::Refusal::kFailure;
  proto::TaskResult nothing;
  if (failed) nothing.mutable_counts()->set_failed(1);
  const TaskRecords records = {
      {},
      EndOf(about, failed ? "failed" : "skipped", reason, nothing),
      about.stream->dry_run,
      !failed && why != Run::Refusal::kSyncFailed};
  Write(*records.end);
  if (failed) failures_.Add(*records.end);
  view_->Show(records);
}

absl::Status RunRecorder::OnCommit() {
  return log_ ? log_->Flush() : absl::OkStatus();
}

void RunRecorder::OnNotice(const std::string& text) { view_->Notice(text); }

void RunRecorder::OnChange(const std::string& text) { view_->Change(text); }

void RunRecorder::OnProgress(const proto::RunSnapshot& snapshot) {
  const absl::Time now = absl::Now();
  proto::RunSnapshot complete = snapshot;
  Complete(complete);
  if (snapshot.state() != proto::RunSnapshot::RUNNING || now >= next_save_) {
    next_save_ = now + kSaveEvery;
    Save(complete);
  }
  view_->Progress(complete);
}

void RunRecorder::Save(const proto::RunSnapshot& complete) {
  if (log_) {
    const absl::Status status = log_->Flush();
    if (!status.ok()) OnNotice(std::string(status.message()));
  }
  if (folder_) {
    const absl::Status status = folder_->WriteSnapshot(complete);
    if (!status.ok()) OnNotice(std::string(status.message()));
  }
}

void RunRecorder::Write(const OutcomeRecord& record) {
  if (!log_) return;
  log_->Append(record);
  if (!log_->is_cut()) return;
  OnNotice(absl::StrCat("outcomes.jsonl holds more than ",
                        Bytes(OutcomeLog::kMaxActions),
                        ": from now on, the only actions that are written "
                        "there are those that failed"));
}

void RunRecorder::Complete(proto::RunSnapshot& snapshot) const {
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
  failures_.AddTo(snapshot);
}

void RunRecorder::Flush() {
  if (log_) log_->Flush().IgnoreError();
}

}  // namespace registry_manager
