// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/submission.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "coordinator/access/registry_access.h"
#include "coordinator/records/earlier_runs.h"
#include "coordinator/records/failed_work.h"
#include "coordinator/records/forget_runs.h"
#include "coordinator/records/recall.h"
#include "coordinator/run/exit_status.h"
#include "coordinator/run/settings.h"
#include "coordinator/server/journal_waits.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

// The longest path that is shown.
constexpr size_t kMaxPath = 4096;

}  // namespace

absl::Status Submission::Open() {
  config_name_ = Printable(request_.config_path, kMaxPath);
  begun_ = absl::Now();
  streams_ = StreamsOf(request_.config, request_.options, lasting_notes_);
  request_.notices.insert(request_.notices.begin(), lasting_notes_.begin(),
                          lasting_notes_.end());
  std::string identity = IdentityOf(request_.config, request_.options);
  absl::Status status;
  if (!request_.retry_of.empty()) {
    absl::StrAppend(&identity, " retry of ", request_.retry_of);
    status = Restrict();
    if (!status.ok()) return status;
  }
  if (keeps_run()) {
    status = OwnRun(identity);
  } else {
    id_ = VerbName(request_.options.verb);
    proto::RunRecord record;
    record.set_run(id_);
    status = Own(record);
  }
  if (status.ok()) status = BeginOrRestore();
  if (status.ok() && resumed_ && run_->Finished()) status = BeginAnew(identity);
  if (!status.ok()) return status;
  for (std::string& said : ForgetOld()) Note(std::move(said));
  return OpenRecords();
}

absl::Status Submission::Restrict() {
  ASSIGN_OR_RETURN(
      const FailedWork failed,
      FailedWork::Read(parts_.folder->outcomes(request_.retry_of)));
  streams_ = failed.Restrict(streams_);
  if (!streams_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("what failed in run ", request_.retry_of, " is not in ",
                   config_name_, " any more: it has changed since"));
}

bool Submission::AllDry() const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const WorkStream& stream) { return stream.dry_run; });
}

std::vector<std::string> Submission::ForgetOld() const {
  if (!keeps_run()) return {};
  return ForgetOldRuns(*parts_.folder, *parts_.journal, request_.keep);
}

absl::Status Submission::OwnRun(const std::string& identity) {
  Journal& journal = *parts_.journal;
  ASSIGN_OR_RETURN(std::optional<std::string> unfinished,
                   FindUnfinished(journal, identity, *parts_.view));
  proto::RunRecord record;
  record.set_identity(identity);
  record.set_verb(VerbName(request_.options.verb));
  record.set_dry_run(AllDry());
  record.set_config(config_name_);
  record.set_begun_unix(absl::ToUnixSeconds(begun_));
  if (unfinished && !request_.fresh && !IsRunId(*unfinished)) {
    return absl::DataLossError(absl::StrCat(
        "the journal is damaged: key rm:identity names '",
        Printable(*unfinished),
        "' as this config's run, which cannot be; plan anew with --fresh"));
  }
  if (unfinished && request_.fresh) {
    RETURN_IF_ERROR(Abandon(*unfinished, record));
    unfinished.reset();
  }
  resumed_ = unfinished.has_value();
  if (!resumed_ && request_.retry_of.empty()) {
    for (const std::string& run : UnfinishedRunsOf(*parts_.folder, config_name_,
                                                   request_.options.verb)) {
      Note(absl::StrCat("run ", run, " of ", config_name_,
                        " is unfinished, and will not be resumed: its "
                        "policies, addresses or repositories have changed"));
    }
  }
  id_ = resumed_ ? *unfinished : parts_.folder->NewRunId();
  record.set_run(id_);
  for (const WorkStream& stream : streams_)
    *record.add_streams() = stream.name();
  RETURN_IF_ERROR(Own(record));
  ASSIGN_OR_RETURN(ProcessLock lock, parts_.folder->MakeRun(id_));
  process_lock_.emplace(std::move(lock));
  return absl::OkStatus();
}

absl::Status Submission::Own(const proto::RunRecord& record) {
  ASSIGN_OR_RETURN(journal_, parts_.journal->Own(record));
  others_may_act_ |= journal_->previous_owner_may_act();
  return absl::OkStatus();
}

absl::Status Submission::Abandon(const std::string& run,
                                 proto::RunRecord record) {
  record.set_run(run);
  absl::Status status = Own(record);
  if (status.ok()) status = FinishRun(*journal_);
  if (!status.ok()) return status;
  Note(absl::StrCat("run ", run, " is abandoned: --fresh plans anew"));
  const absl::Status marked = MarkAbandoned(*parts_.folder, run);
  if (!marked.ok()) Note(std::string(marked.message()));
  return absl::OkStatus();
}

absl::Status Submission::BeginOrRestore() {
  run_ = std::make_unique<class Run>(id_, streams_);
  if (resumed_) return Restore();
  Commit commit;
  run_->Begin(commit);
  return journal_->Write(commit);
}

absl::Status Submission::Restore() {
  ASSIGN_OR_RETURN(RunState state, journal_->Read());
  begun_ = absl::FromUnixSeconds(state.record.begun_unix());
  has_answers_ = !state.listings.empty();
  Commit commit;
  absl::Status status = run_->Restore(*journal_, state, commit);
  if (!status.ok()) return status;
  has_answers_ |= run_->ended_before() > 0;
  // A run that was cut short before its first shard begins again.
  if (state.shards == 0 && state.listings.empty()) run_->Begin(commit);
  status = journal_->Write(commit);
  if (!status.ok() || run_->Finished()) return status;
  Note(absl::StrCat("resuming run ", id_, ", begun ",
                    DurationText(absl::Now() - begun_),
                    " ago: ", Number(run_->ended_before()), " of ",
                    Plural(run_->repositories(), "repository", "repositories"),
                    " done; repositories created since are not in it"));
  const bool skips =
      std::any_of(streams_.begin(), streams_.end(),
                  [](const WorkStream& stream) { return stream.start > 0; });
  if (skips) Note("`start` counts for a new run only: it is ignored here");
  return absl::OkStatus();
}

absl::Status Submission::BeginAnew(const std::string& identity) {
  const absl::Status finished = FinishRun(*journal_);
  if (!finished.ok()) return finished;
  Note(absl::StrCat(
      "run ", id_,
      " had done everything, and was cut short before it could say so: it is "
      "finished now, and this is a new one"));
  const absl::Status marked = MarkFinished(*parts_.folder, *run_);
  if (!marked.ok()) Note(std::string(marked.message()));
  begun_ = absl::Now();
  has_answers_ = false;
  RETURN_IF_ERROR(OwnRun(identity));
  return BeginOrRestore();
}

absl::Status Submission::OpenRecords() {
  std::optional<OutcomeLog> log;
  if (keeps_run()) {
    ASSIGN_OR_RETURN(OutcomeLog opened,
                     OutcomeLog::Open(parts_.folder->outcomes(id_)));
    log.emplace(std::move(opened));
  }
  recorder_ =
      std::make_unique<RunRecorder>(parts_.folder, std::move(log), parts_.view);
  recorder_->SetHeader(Header());
  if (resumed_) {
    RETURN_IF_ERROR(
        Recall(parts_.folder->outcomes(id_), *run_, recorder_->failures()));
  }
  for (const std::string& notice : request_.notices) {
    recorder_->OnNotice(notice);
  }
  if (keeps_run()) {
    recorder_->OnNotice(absl::StrCat(
        "run ", id_, AllDry() ? " (dry run: nothing is changed)" : ""));
  }
  return absl::OkStatus();
}

proto::RunSnapshot Submission::Header() const {
  proto::RunSnapshot header;
  header.set_verb(VerbName(request_.options.verb));
  header.set_config(config_name_);
  std::error_code unknown;
  header.set_config_path(Printable(
      std::filesystem::absolute(request_.config_path, unknown).string(),
      kMaxPath));
  header.set_retry_of(request_.retry_of);
  header.set_dry_run(AllDry());
  header.set_begun_unix(absl::ToUnixSeconds(begun_));
  header.set_begun_unix_ms(absl::ToUnixMillis(begun_));
  *header.mutable_notes() = {lasting_notes_.begin(), lasting_notes_.end()};
  return header;
}

std::vector<std::pair<std::string, RegistryBudget>> Submission::Budgets()
    const {
  std::vector<std::pair<std::string, RegistryBudget>> budgets;
  for (const RegistryConfig& registry : request_.config.registries) {
    const std::string id = RegistryId(registry);
    budgets.emplace_back(id, BudgetOf(request_.config, id));
  }
  return budgets;
}

std::function<void(proto::Registry&)> Submission::AccessReader() const {
  auto config = std::make_shared<const Config>(request_.config);
  return [config](proto::Registry& registry) {
    ReadAccess(*AccessConfigOf(*config, registry.id()), registry);
  };
}

ActiveRunParts Submission::Parts(absl::Duration lease,
                                 std::function<void()> on_end) {
  return {run_.get(), journal_.get(), recorder_.get(),
          SettingsOf(request_.config, request_.options, streams_, id_,
                     request_.retries, request_.details),
          AccessReader(), Budgets(),
          // Nobody else comes to a Redis of our own while it is away.
          parts_.is_journal_shared ? kOwnership : absl::InfiniteDuration(),
          others_may_act_ ? lease : absl::ZeroDuration(),
          [this, on_end = std::move(on_end)](const absl::StatusOr<RunEnd>& end,
                                             proto::RunSnapshot last) {
            end_ = end;
            last_ = std::move(last);
            on_end();
          }};
}

absl::StatusOr<proto::RunSnapshot> Submission::Conclude() {
  if (!end_.ok()) return GiveUp(end_.status());
  const bool interrupted = *end_ == RunEnd::kInterrupted;
  const bool is_left = interrupted || run_->Incomplete();
  const absl::Status closed =
      is_left ? journal_->Release() : FinishRun(*journal_);
  if (!closed.ok() && !is_left) {
    return GiveUp(absl::Status(
        closed.code(),
        absl::StrCat("the run is complete, but this could not be recorded in "
                     "the journal: ",
                     closed.message())));
  }
  // The hold lapses by itself.
  if (!closed.ok()) recorder_->OnNotice(std::string(closed.message()));
  for (const std::string& said : ForgetOld()) recorder_->OnNotice(said);
  last_.set_state(interrupted ? proto::RunSnapshot::INTERRUPTED
                  : is_left   ? proto::RunSnapshot::INCOMPLETE
                              : proto::RunSnapshot::FINISHED);
  last_.clear_pid();
  last_.set_workers(0);
  last_.set_exit_status(ExitStatusOf(last_));
  recorder_->OnProgress(last_);
  recorder_->Complete(last_);
  recorder_->Flush();
  return last_;
}

absl::Status Submission::GiveUp(const absl::Status& why) {
  // Aborted: the run, and its snapshot, are another coordinator's.
  const bool is_ours = keeps_run() && !absl::IsAborted(why);
  if (is_ours && !last_.run().empty()) {
    last_.set_state(proto::RunSnapshot::INTERRUPTED);
    last_.clear_pid();
    last_.set_workers(0);
    last_.set_exit_status(kUnreachable);
    recorder_->OnProgress(last_);
  }
  recorder_->Flush();
  journal_->Release().IgnoreError();
  return why;
}

}  // namespace registry_manager
