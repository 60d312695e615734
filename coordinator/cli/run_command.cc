// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/run_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/parse.h"
#include "coordinator/cli/complain.h"
#include "coordinator/cli/journal_choice.h"
#include "coordinator/cli/load_config.h"
#include "coordinator/console/console.h"
#include "coordinator/fleet/fleet_socket.h"
#include "coordinator/fleet/local_workers.h"
#include "coordinator/records/message_json.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/run/exit_status.h"
#include "coordinator/server/journal_waits.h"
#include "coordinator/server/repository_locks.h"
#include "coordinator/server/server.h"
#include "coordinator/server/submission.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

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

// A server for one command: its folder, its journal, its workers.
class EmbeddedServer {
 public:
  explicit EmbeddedServer(const RunCommand& command)
      : command_(command), console_(OptionsOf(command)) {}

  // From the config to the exit status.
  int Run();

 private:
  static ConsoleOptions OptionsOf(const RunCommand& command);
  int Fail(const absl::Status& why, int exit_status) const {
    return Complain(why, exit_status, command_.log_json);
  }
  SubmissionRequest RequestFor(Config config) const;
  absl::Status OpenJournalOf();
  // Carries the submission's run to its end.
  absl::Status Carry(Submission& submission);
  LocalWorkersOptions WorkersAt(const std::string& endpoint) const;
  int PrintEnd(const absl::StatusOr<proto::RunSnapshot>& end,
               const Submission& submission) const;
  // Returns the command that resumes the run.
  std::string SameCommand() const;

  const RunCommand command_;
  Console console_;
  std::optional<StateFolder> folder_;
  OpenJournal journal_;
};

ConsoleOptions EmbeddedServer::OptionsOf(const RunCommand& command) {
  ConsoleOptions options;
  options.details = command.details;
  options.progress = command.progress;
  options.list = command.verb == Verb::kList;
  options.json = command.json;
  options.log_json = command.log_json;
  options.keeps_run = IsKept(command.verb);
  return options;
}

int EmbeddedServer::Run() {
  absl::StatusOr<Config> config = LoadConfigFile(command_.config);
  if (!config.ok()) return Fail(config.status(), kUsage);
  absl::Status status = CheckPolicies(*config, command_.verb);
  if (!status.ok()) return Fail(status, kUsage);
  SubmissionRequest request = RequestFor(*std::move(config));
  status = OpenJournalOf();
  if (absl::IsInvalidArgument(status)) return Fail(status, kUsage);
  if (!status.ok()) return Fail(status, kUnreachable);
  Submission submission(
      std::move(request),
      {folder_, journal_.journal.get(),
       IsKept(command_.verb) && journal_.server == nullptr, &console_});
  status = submission.Open();
  if (absl::IsInvalidArgument(status)) return Fail(status, kUsage);
  if (absl::IsCancelled(status)) return Fail(status, kInterrupted);
  if (!status.ok()) return Fail(status, kUnreachable);
  submission.Fail(Carry(submission));
  const absl::StatusOr<proto::RunSnapshot> end = submission.Conclude();
  console_.Clear();
  return PrintEnd(end, submission);
}

SubmissionRequest EmbeddedServer::RequestFor(Config config) const {
  SubmissionRequest request;
  if (command_.process_limit) {
    for (RegistryConfig& registry : config.registries) {
      registry.max_connections = *command_.process_limit;
    }
  }
  const std::string exposure = ExposureOf(command_.config, config);
  if (!exposure.empty()) request.notices.push_back(exposure);
  request.config = std::move(config);
  request.config_path = command_.config;
  request.options = {command_.verb, command_.dry_run};
  request.fresh = command_.fresh;
  request.details = command_.details;
  request.retries = command_.retries;
  request.retry_of = command_.retry_of;
  request.keep = command_.keep;
  return request;
}

absl::Status EmbeddedServer::OpenJournalOf() {
  if (!IsKept(command_.verb)) {
    journal_.journal = NewMemoryJournal();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(StateFolder folder, StateFolder::Open());
  folder_.emplace(std::move(folder));
  ASSIGN_OR_RETURN(
      journal_, ChooseJournal(command_.redis, command_.redis_file, *folder_));
  return absl::OkStatus();
}

LocalWorkersOptions EmbeddedServer::WorkersAt(
    const std::string& endpoint) const {
  LocalWorkersOptions options;
  options.endpoint = endpoint;
  options.workers =
      command_.workers > 0
          ? command_.workers
          : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.slots = command_.slots;
  // The seed's levels: 3 is info, 4 debug. A worker's -v: one info, two debug.
  options.verbosity = std::clamp(command_.verbosity - 2, 0, 2);
  options.log_json = command_.log_json;
  if (folder_) options.cache_folder = folder_->manifests();
  return options;
}

absl::Status EmbeddedServer::Carry(Submission& submission) {
  ASSIGN_OR_RETURN(TemporaryFolder sockets, MakeRunSockets());
  const std::string endpoint =
      absl::StrCat("ipc://", sockets.path(), "/workers");
  ASSIGN_OR_RETURN(const uint64_t epoch, journal_.journal->NextEpoch());
  ASSIGN_OR_RETURN(std::unique_ptr<FleetSocket> fleet,
                   FleetSocket::Bind(endpoint, epoch));
  // Held until the last worker has ended.
  std::optional<RepositoryLocks> locks;
  if (folder_) {
    ASSIGN_OR_RETURN(RepositoryLocks opened,
                     RepositoryLocks::Open(folder_->locks()));
    locks.emplace(std::move(opened));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<LocalWorkers> workers,
                   LocalWorkers::Start(WorkersAt(endpoint)));
  SchedulerOptions options;
  if (submission.has_answers()) {
    options.first_contact_patience = options.registry_patience;
  }
  Scheduler scheduler(options);
  const int signal_fd = SignalFd(/*children=*/true);
  Server server({&scheduler, options, fleet.get(), workers.get(),
                 locks ? &*locks : nullptr, signal_fd});
  server.Add(submission.Parts(options.lease, [] {}));
  const absl::Status status = server.Run();
  close(signal_fd);
  return status;
}

std::string EmbeddedServer::SameCommand() const {
  return command_.retry_of.empty()
             ? absl::StrCat("coordinator ", VerbName(command_.verb), " ",
                            command_.config)
             : absl::StrCat("coordinator retry ", command_.retry_of);
}

int EmbeddedServer::PrintEnd(const absl::StatusOr<proto::RunSnapshot>& end,
                             const Submission& submission) const {
  if (!end.ok()) {
    Fail(end.status(), kUnreachable);
    // Aborted: the run is another coordinator's now.
    if (IsKept(command_.verb) && !absl::IsAborted(end.status())) {
      Fail(absl::UnavailableError(absl::StrCat("run ", submission.id(),
                                               " is not finished; to resume "
                                               "it: ",
                                               SameCommand())),
           kUnreachable);
    }
    return kUnreachable;
  }
  if (command_.json) {
    const std::string text = RunJson(*end).dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
    printf("%s\n", text.c_str());
  } else if (command_.verb != Verb::kList) {
    printf("%s", Summary(*end, MayColor(STDOUT_FILENO)).c_str());
    if (end->state() == proto::RunSnapshot::INTERRUPTED &&
        IsKept(command_.verb)) {
      printf("to resume it: %s\n", SameCommand().c_str());
    }
  }
  fflush(stdout);
  return end->exit_status();
}

}  // namespace

int RunConfig(const RunCommand& command) {
  return EmbeddedServer(command).Run();
}

}  // namespace registry_manager
