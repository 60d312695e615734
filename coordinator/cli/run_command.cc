// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/run_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/config/parse.h"
#include "common/reference/printable.h"
#include "coordinator/cli/complain.h"
#include "coordinator/cli/forget.h"
#include "coordinator/cli/journal_choice.h"
#include "coordinator/cli/load_config.h"
#include "coordinator/cli/run_journal.h"
#include "coordinator/console/console.h"
#include "coordinator/console/screen.h"
#include "coordinator/fleet/fleet_socket.h"
#include "coordinator/fleet/local_workers.h"
#include "coordinator/records/earlier_runs.h"
#include "coordinator/records/failed_work.h"
#include "coordinator/records/message_json.h"
#include "coordinator/records/recall.h"
#include "coordinator/records/run_recorder.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/run/exit_status.h"
#include "coordinator/run/run.h"
#include "coordinator/run/settings.h"
#include "coordinator/server/repository_locks.h"
#include "coordinator/server/server.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

// Of a path, as it is shown.
constexpr size_t kMaxPath = 4096;

// Verbs that change nothing keep no run.
bool KeepsRun(Verb verb) { return verb != Verb::kPlan && verb != Verb::kList; }

absl::Status CheckPolicies(const Config& config, Verb verb) {
  const bool sync = config.sync_policy.has_value();
  const bool remove = config.delete_policy.has_value();
  if (verb == Verb::kSync && !sync) {
    return absl::InvalidArgumentError(
        "the config has no sync-policy, so that there is nothing to sync");
  }
  if (verb == Verb::kDelete && !remove) {
    return absl::InvalidArgumentError(
        "the config has no delete-policy, so that there is nothing to delete");
  }
  if (verb != Verb::kList && !sync && !remove) {
    return absl::InvalidArgumentError(
        "the config has neither a sync-policy nor a delete-policy, so that "
        "there is nothing to do; `coordinator list` lists images");
  }
  return absl::OkStatus();
}

// One submission, from its config to its exit status.
class Submission {
 public:
  explicit Submission(const RunCommand& command) : command_(command) {}

  int Run();

 private:
  int Fail(const absl::Status& why, int exit_status) const {
    return Complain(why, exit_status, command_.log_json);
  }
  // Of a retry: leaves of the streams what failed.
  absl::Status Restrict();
  // What is typed to go on with the run.
  std::string SameCommand() const;
  // Opens folder and journal, and finds the run that this one goes on with.
  absl::Status OpenRun();
  absl::Status OwnRun(const std::string& identity);
  absl::Status BeginOrRestore();
  absl::Status Restore();
  void Note(const absl::Status& status) {
    if (!status.ok()) notes_.push_back(std::string(status.message()));
  }
  // Bounds what earlier runs take on disk; what there is to say about it.
  std::vector<std::string> ForgetOld() const {
    if (!folder_) return {};
    return ForgetOldRuns(*folder_, *journal_.journal, command_.keep);
  }
  // The run had come to its end before.
  absl::Status BeginAnew(const std::string& identity);
  absl::Status OpenRecords();
  absl::StatusOr<RunEnd> Carry();
  std::vector<std::pair<std::string, RegistryBudget>> Budgets() const;
  int Conclude(const absl::StatusOr<RunEnd>& end);
  int GiveUp(const absl::Status& why);
  void PrintEnd(bool interrupted) const;
  bool AllDry() const;

  const RunCommand command_;
  // As it is shown and kept: a path may be no UTF-8.
  const std::string config_name_ = Printable(command_.config, kMaxPath);
  Config config_;
  RunOptions options_;
  std::vector<std::string> notes_;
  // Those that hold for the run, whenever it is looked at.
  std::vector<std::string> lasting_notes_;
  std::vector<Stream> streams_;
  std::optional<StateFolder> folder_;
  OpenJournal journal_;
  std::string id_;
  std::optional<LifeSign> life_sign_;
  bool resumed_ = false;
  // Workers of the coordinator that owned the run before.
  bool others_may_act_ = false;
  // Registries have answered in the run before: they are known to be there.
  bool has_answers_ = false;
  uint64_t epoch_ = 1;
  absl::Time begun_ = absl::Now();
  std::unique_ptr<class Run> run_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<RunRecorder> recorder_;
  proto::RunSnapshot last_;
};

int Submission::Run() {
  absl::StatusOr<Config> config = LoadConfigFile(command_.config);
  if (!config.ok()) return Fail(config.status(), kUsage);
  config_ = *std::move(config);
  absl::Status status = CheckPolicies(config_, command_.verb);
  if (!status.ok()) return Fail(status, kUsage);
  if (command_.process_limit) {
    for (RegistryConfig& registry : config_.registries) {
      registry.max_connections = *command_.process_limit;
    }
  }
  options_ = {command_.verb, command_.dry_run};
  streams_ = StreamsOf(config_, options_, notes_);
  lasting_notes_ = notes_;
  const std::string exposure = ExposureOf(command_.config, config_);
  if (!exposure.empty()) notes_.push_back(exposure);
  status = OpenRun();
  if (absl::IsInvalidArgument(status)) return Fail(status, kUsage);
  if (absl::IsCancelled(status)) return Fail(status, kInterrupted);
  if (!status.ok()) return Fail(status, kUnreachable);
  return Conclude(Carry());
}

absl::Status Submission::Restrict() {
  const absl::StatusOr<FailedWork> failed =
      FailedWork::Read(folder_->outcomes(command_.retry_of));
  if (!failed.ok()) return failed.status();
  streams_ = failed->Restrict(streams_);
  if (!streams_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "what failed in run ", command_.retry_of, " is not in ",
      Printable(command_.config), " any more: it has changed since"));
}

std::string Submission::SameCommand() const {
  return command_.retry_of.empty()
             ? absl::StrCat("coordinator ", VerbName(command_.verb), " ",
                            command_.config)
             : absl::StrCat("coordinator retry ", command_.retry_of);
}

bool Submission::AllDry() const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const Stream& stream) { return stream.dry_run; });
}

absl::Status Submission::OpenRun() {
  absl::Status status;
  std::string identity = IdentityOf(config_, options_);
  if (!command_.retry_of.empty()) {
    absl::StrAppend(&identity, " retry of ", command_.retry_of);
  }
  if (KeepsRun(command_.verb)) {
    absl::StatusOr<StateFolder> folder = StateFolder::Open();
    if (!folder.ok()) return folder.status();
    folder_.emplace(*std::move(folder));
    absl::StatusOr<OpenJournal> journal =
        ChooseJournal(command_.redis, command_.redis_file, *folder_);
    if (!journal.ok()) return journal.status();
    journal_ = *std::move(journal);
    if (!command_.retry_of.empty()) status = Restrict();
    if (!status.ok()) return status;
    status = OwnRun(identity);
  } else {
    journal_.journal = NewMemoryJournal();
    id_ = VerbName(command_.verb);
    proto::RunRecord record;
    record.set_run(id_);
    status = journal_.journal->Own(record).status();
  }
  if (status.ok()) status = BeginOrRestore();
  if (status.ok() && resumed_ && run_->Finished()) status = BeginAnew(identity);
  if (!status.ok()) return status;
  for (std::string& said : ForgetOld()) notes_.push_back(std::move(said));
  return OpenRecords();
}

absl::Status Submission::OwnRun(const std::string& identity) {
  Journal& journal = *journal_.journal;
  absl::StatusOr<std::optional<std::string>> unfinished =
      FindUnfinished(journal, identity, command_.log_json);
  if (!unfinished.ok()) return unfinished.status();
  proto::RunRecord record;
  record.set_identity(identity);
  record.set_verb(VerbName(command_.verb));
  record.set_dry_run(AllDry());
  record.set_config(config_name_);
  record.set_begun_unix(absl::ToUnixSeconds(begun_));
  if (*unfinished && !command_.fresh && !IsRunId(**unfinished)) {
    return absl::DataLossError(absl::StrCat(
        "the journal is damaged: key rm:identity names '",
        Printable(**unfinished),
        "' as this config's run, which cannot be; plan anew with --fresh"));
  }
  if (*unfinished && command_.fresh) {
    record.set_run(**unfinished);
    absl::Status status = journal.Own(record).status();
    others_may_act_ = journal.PreviousOwnerMayAct();
    if (status.ok()) status = FinishRun(journal);
    if (!status.ok()) return status;
    notes_.push_back(absl::StrCat("run ", **unfinished,
                                  " is abandoned: --fresh plans anew"));
    Note(MarkAbandoned(*folder_, **unfinished));
    unfinished->reset();
  }
  resumed_ = unfinished->has_value();
  if (!resumed_ && command_.retry_of.empty()) {
    for (const std::string& run :
         UnfinishedRunsOf(*folder_, config_name_, command_.verb)) {
      notes_.push_back(absl::StrCat(
          "run ", run, " of ", config_name_,
          " was not finished, and is not gone on with: policies, addresses or "
          "repositories have changed since"));
    }
  }
  id_ = resumed_ ? **unfinished : folder_->NewRunId();
  record.set_run(id_);
  absl::StatusOr<uint64_t> epoch = journal.Own(record);
  if (!epoch.ok()) return epoch.status();
  others_may_act_ |= journal.PreviousOwnerMayAct();
  epoch_ = *epoch;
  absl::StatusOr<LifeSign> sign = folder_->MakeRun(id_);
  if (!sign.ok()) return sign.status();
  life_sign_.emplace(*std::move(sign));
  return absl::OkStatus();
}

absl::Status Submission::BeginOrRestore() {
  run_ = std::make_unique<class Run>(id_, streams_);
  if (resumed_) return Restore();
  Commit commit;
  run_->Begin(commit);
  return journal_.journal->Write(commit);
}

absl::Status Submission::Restore() {
  absl::StatusOr<RunState> state = journal_.journal->Read();
  if (!state.ok()) return state.status();
  begun_ = absl::FromUnixSeconds(state->record.begun_unix());
  has_answers_ = !state->listings.empty();
  Commit commit;
  absl::Status status = run_->Restore(*journal_.journal, *state, commit);
  if (!status.ok()) return status;
  has_answers_ |= run_->ended_before() > 0;
  // A run that was cut short before its first shard begins again.
  if (state->shards == 0 && state->listings.empty()) run_->Begin(commit);
  status = journal_.journal->Write(commit);
  if (!status.ok() || run_->Finished()) return status;
  const absl::Duration age = absl::Now() - begun_;
  notes_.push_back(
      absl::StrCat("resuming run ", id_, ", begun ", DurationText(age),
                   " ago: ", Number(run_->ended_before()), " of ",
                   Plural(run_->repositories(), "repository", "repositories"),
                   " done; repositories created since are not in it"));
  const bool skips =
      std::any_of(streams_.begin(), streams_.end(),
                  [](const Stream& stream) { return stream.start > 0; });
  if (skips) {
    notes_.push_back("`start` counts for a new run only: it is ignored here");
  }
  return absl::OkStatus();
}

absl::Status Submission::BeginAnew(const std::string& identity) {
  const absl::Status finished = FinishRun(*journal_.journal);
  if (!finished.ok()) return finished;
  notes_.push_back(absl::StrCat(
      "run ", id_,
      " had done everything, and was cut short before it could say so: it is "
      "finished now, and this is a new one"));
  Note(MarkFinished(*folder_, *run_));
  begun_ = absl::Now();
  has_answers_ = false;
  const absl::Status status = OwnRun(identity);
  if (!status.ok()) return status;
  return BeginOrRestore();
}

absl::Status Submission::OpenRecords() {
  ConsoleOptions options;
  options.details = command_.details;
  options.progress = command_.progress;
  options.list = command_.verb == Verb::kList;
  options.json = command_.json;
  options.log_json = command_.log_json;
  options.keeps_run = KeepsRun(command_.verb);
  std::optional<OutcomeLog> log;
  if (folder_) {
    absl::StatusOr<OutcomeLog> opened =
        OutcomeLog::Open(folder_->outcomes(id_));
    if (!opened.ok()) return opened.status();
    log.emplace(*std::move(opened));
  }
  console_ = std::make_unique<Console>(options);
  recorder_ =
      std::make_unique<RunRecorder>(folder_, std::move(log), console_.get());
  proto::RunSnapshot header;
  header.set_verb(VerbName(command_.verb));
  header.set_config(config_name_);
  std::error_code unknown;
  header.set_config_path(Printable(
      std::filesystem::absolute(command_.config, unknown).string(), kMaxPath));
  header.set_retry_of(command_.retry_of);
  header.set_dry_run(AllDry());
  header.set_begun_unix(absl::ToUnixSeconds(begun_));
  header.set_begun_unix_ms(absl::ToUnixMillis(begun_));
  *header.mutable_notes() = {lasting_notes_.begin(), lasting_notes_.end()};
  recorder_->SetHeader(header);
  if (resumed_) {
    const absl::Status status =
        Recall(folder_->outcomes(id_), *run_, recorder_->failures());
    if (!status.ok()) return status;
  }
  for (const std::string& note : notes_) recorder_->OnNotice(note);
  if (KeepsRun(command_.verb)) {
    recorder_->OnNotice(absl::StrCat(
        "run ", id_, AllDry() ? " (dry run: nothing is changed)" : ""));
  }
  return absl::OkStatus();
}

std::vector<std::pair<std::string, RegistryBudget>> Submission::Budgets()
    const {
  std::vector<std::pair<std::string, RegistryBudget>> budgets;
  for (const RegistryConfig& registry : config_.registries) {
    // Two entries with one address share the lower limit.
    RegistryBudget budget{registry.max_connections,
                          registry.requests_per_second};
    for (const RegistryConfig& other : config_.registries) {
      if (RegistryId(other) != RegistryId(registry)) continue;
      budget.max_connections =
          std::min(budget.max_connections, other.max_connections);
      if (other.requests_per_second) {
        budget.requests_per_second = std::min(
            budget.requests_per_second.value_or(*other.requests_per_second),
            *other.requests_per_second);
      }
    }
    budgets.emplace_back(RegistryId(registry), budget);
  }
  return budgets;
}

absl::StatusOr<RunEnd> Submission::Carry() {
  absl::StatusOr<SocketFolder> sockets = SocketFolder::Make();
  if (!sockets.ok()) return sockets.status();
  const std::string endpoint =
      absl::StrCat("ipc://", sockets->path(), "/workers");
  absl::StatusOr<std::unique_ptr<FleetSocket>> fleet =
      FleetSocket::Bind(endpoint, epoch_);
  if (!fleet.ok()) return fleet.status();
  // Held until the last worker has ended.
  std::optional<RepositoryLocks> locks;
  if (folder_) {
    absl::StatusOr<RepositoryLocks> opened =
        RepositoryLocks::Open(folder_->locks());
    if (!opened.ok()) return opened.status();
    locks.emplace(*std::move(opened));
  }
  LocalWorkersOptions workers_options;
  workers_options.endpoint = endpoint;
  workers_options.workers =
      command_.workers > 0
          ? command_.workers
          : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  workers_options.slots = command_.slots;
  // The seed's levels: 3 is info, 4 debug. A worker's -v: one info, two debug.
  workers_options.verbosity = std::clamp(command_.verbosity - 2, 0, 2);
  workers_options.log_json = command_.log_json;
  if (folder_) workers_options.cache_folder = folder_->manifests();
  absl::StatusOr<std::unique_ptr<LocalWorkers>> workers =
      LocalWorkers::Start(workers_options);
  if (!workers.ok()) return workers.status();
  SchedulerOptions scheduler_options;
  if (has_answers_) {
    scheduler_options.first_contact_patience =
        scheduler_options.registry_patience;
  }
  Scheduler scheduler(scheduler_options);
  const int signal_fd = SignalFd(/*children=*/true);
  Server server({&scheduler, scheduler_options, fleet->get(), workers->get(),
                 locks ? &*locks : nullptr, signal_fd});
  // Nobody else comes to a Redis of our own while it is away.
  const bool is_shared = KeepsRun(command_.verb) && journal_.server == nullptr;
  absl::StatusOr<RunEnd> ended = absl::InternalError("the run did not end");
  server.Add(
      {run_.get(), journal_.journal.get(), recorder_.get(),
       SettingsOf(config_, options_, id_, command_.retries, command_.details),
       Budgets(), is_shared ? kOwnership : absl::InfiniteDuration(),
       others_may_act_ ? scheduler_options.lease : absl::ZeroDuration(),
       [&](const absl::StatusOr<RunEnd>& end, proto::RunSnapshot last) {
         ended = end;
         last_ = std::move(last);
       }});
  server.Run().IgnoreError();
  close(signal_fd);
  return ended;
}

int Submission::GiveUp(const absl::Status& why) {
  // Aborted: the run, and its snapshot, are another coordinator's.
  const bool is_ours = KeepsRun(command_.verb) && !absl::IsAborted(why);
  if (is_ours && !last_.run().empty()) {
    last_.set_state(proto::RunSnapshot::INTERRUPTED);
    last_.clear_pid();
    last_.set_workers(0);
    last_.set_exit_status(kUnreachable);
    recorder_->OnProgress(last_);
  }
  recorder_->Flush();
  console_->Clear();
  journal_.journal->Release().IgnoreError();
  Fail(why, kUnreachable);
  if (is_ours) {
    Fail(absl::UnavailableError(absl::StrCat(
             "run ", id_, " is not finished; to go on: ", SameCommand())),
         kUnreachable);
  }
  return kUnreachable;
}

int Submission::Conclude(const absl::StatusOr<RunEnd>& end) {
  if (!end.ok()) return GiveUp(end.status());
  const bool interrupted = *end == RunEnd::kInterrupted;
  const bool incomplete = run_->Incomplete();
  const bool goes_on = interrupted || incomplete;
  const absl::Status closed =
      goes_on ? journal_.journal->Release() : FinishRun(*journal_.journal);
  if (!closed.ok() && !goes_on) {
    return GiveUp(absl::Status(
        closed.code(),
        absl::StrCat("everything is done, but the journal cannot be told so: ",
                     closed.message())));
  }
  // The hold lapses by itself.
  if (!closed.ok()) recorder_->OnNotice(std::string(closed.message()));
  for (const std::string& said : ForgetOld()) recorder_->OnNotice(said);
  int exit_status = kAllDone;
  if (interrupted) {
    exit_status = kInterrupted;
  } else if (incomplete) {
    exit_status = kUnreachable;
  } else if (last_.totals().failed() > 0) {
    exit_status = kFailures;
  }
  last_.set_state(interrupted  ? proto::RunSnapshot::INTERRUPTED
                  : incomplete ? proto::RunSnapshot::INCOMPLETE
                               : proto::RunSnapshot::FINISHED);
  last_.clear_pid();
  last_.set_workers(0);
  last_.set_exit_status(exit_status);
  recorder_->OnProgress(last_);
  recorder_->Complete(last_);
  recorder_->Flush();
  console_->Clear();
  PrintEnd(interrupted);
  return exit_status;
}

void Submission::PrintEnd(bool interrupted) const {
  if (command_.json) {
    const std::string text = RunJson(last_).dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
    printf("%s\n", text.c_str());
  } else if (command_.verb != Verb::kList) {
    printf("%s", Summary(last_, MayColor(STDOUT_FILENO)).c_str());
    if (interrupted && KeepsRun(command_.verb)) {
      printf("to go on: %s\n", SameCommand().c_str());
    }
  }
  fflush(stdout);
}

}  // namespace

int RunConfig(const RunCommand& command) { return Submission(command).Run(); }

}  // namespace registry_manager
