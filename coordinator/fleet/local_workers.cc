// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/fleet/local_workers.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "coordinator/fleet/worker_process.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kFirstBackOff = absl::Milliseconds(200);
constexpr absl::Duration kMaxBackOff = absl::Seconds(30);
// A worker that lived for so long did not end for the reason that the one
// before it had.
constexpr absl::Duration kLongLife = absl::Minutes(1);
// The time that running tasks may take after SIGTERM, and the time until
// SIGKILL comes.
constexpr int kDrainSeconds = 3;
constexpr absl::Duration kPatience = absl::Seconds(5);
// The time until SIGKILL comes for workers that must not drain.
constexpr absl::Duration kQuickPatience = absl::Milliseconds(500);

bool IsProgram(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) &&
         access(path.c_str(), X_OK) == 0;
}

class ProcessPool : public LocalWorkers {
 public:
  explicit ProcessPool(WorkerCommand command, int workers)
      : command_(std::move(command)), workers_(workers) {}
  ~ProcessPool() override;

  absl::Status StartAll(absl::Time now);
  std::vector<Exit> Poll(absl::Time now) override;
  void StopRestarting() override { restarting_ = false; }
  void EndAtOnce() override;
  int alive() const override {
    return static_cast<int>(
        std::count_if(workers_.begin(), workers_.end(),
                      [](const Worker& worker) { return worker.pid > 0; }));
  }

 private:
  struct Worker {
    // The id of the process that runs, or ran last.
    std::string id;
    // 0: it is not running.
    pid_t pid = 0;
    absl::Time started;
    absl::Time restart;
    absl::Duration back_off = kFirstBackOff;
  };

  absl::Status Start(Worker& worker, absl::Time now);
  // True, with how, where it has ended.
  bool Reap(Worker& worker, std::string& how);
  void PutOff(Worker& worker, absl::Time now);

  const WorkerCommand command_;
  std::vector<Worker> workers_;
  uint64_t starts_ = 0;
  bool restarting_ = true;
  absl::Duration patience_ = kPatience;
};

absl::Status ProcessPool::Start(Worker& worker, absl::Time now) {
  WorkerCommand command = command_;
  worker.id = absl::StrCat("local-", ++starts_);
  command.arguments.insert(command.arguments.end(), {"--name", worker.id});
  ASSIGN_OR_RETURN(const pid_t pid, StartWorkerProcess(command));
  worker.pid = pid;
  worker.started = now;
  return absl::OkStatus();
}

absl::Status ProcessPool::StartAll(absl::Time now) {
  for (Worker& worker : workers_) {
    RETURN_IF_ERROR(Start(worker, now));
  }
  return absl::OkStatus();
}

bool ProcessPool::Reap(Worker& worker, std::string& how) {
  if (worker.pid == 0) return false;
  siginfo_t info = {};
  const int looked = waitid(P_PID, static_cast<id_t>(worker.pid), &info,
                            WEXITED | WNOHANG | WNOWAIT);
  if (looked == 0 && info.si_pid == 0) return false;
  how = "is gone";
  if (looked == 0) {
    // Kills processes that the worker started and left behind. Nobody else can
    // get the number of their group before the worker is reaped.
    kill(-worker.pid, SIGKILL);
    int status = 0;
    if (waitpid(worker.pid, &status, 0) > 0) how = DescribeExit(status);
  }
  worker.pid = 0;
  return true;
}

void ProcessPool::PutOff(Worker& worker, absl::Time now) {
  if (now - worker.started > kLongLife) worker.back_off = kFirstBackOff;
  worker.restart = now + worker.back_off;
  worker.back_off = std::min(worker.back_off * 2, kMaxBackOff);
}

std::vector<LocalWorkers::Exit> ProcessPool::Poll(absl::Time now) {
  std::vector<Exit> exits;
  for (Worker& worker : workers_) {
    const pid_t pid = worker.pid;
    std::string how;
    if (Reap(worker, how)) {
      exits.push_back({worker.id, pid, std::move(how)});
      PutOff(worker, now);
    }
    if (worker.pid != 0 || !restarting_ || now < worker.restart) continue;
    if (!Start(worker, now).ok()) {
      worker.started = now;
      PutOff(worker, now);
    }
  }
  return exits;
}

void ProcessPool::EndAtOnce() {
  restarting_ = false;
  patience_ = kQuickPatience;
  for (const Worker& worker : workers_) {
    if (worker.pid == 0) continue;
    // A second signal ends a worker quickly; two of one kind may arrive as one.
    kill(worker.pid, SIGTERM);
    kill(worker.pid, SIGINT);
  }
}

ProcessPool::~ProcessPool() {
  for (const Worker& worker : workers_) {
    if (worker.pid != 0) kill(worker.pid, SIGTERM);
  }
  const absl::Time patience = absl::Now() + patience_;
  std::string how;
  while (true) {
    for (Worker& worker : workers_) Reap(worker, how);
    if (alive() == 0) return;
    if (absl::Now() > patience) break;
    absl::SleepFor(absl::Milliseconds(5));
  }
  for (const Worker& worker : workers_) {
    if (worker.pid == 0) continue;
    kill(-worker.pid, SIGKILL);
    waitpid(worker.pid, nullptr, 0);
  }
}

}  // namespace

absl::StatusOr<std::string> FindWorkerProgram() {
  std::vector<std::filesystem::path> candidates;
  std::error_code error;
  const std::filesystem::path self =
      std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const std::filesystem::path folder = self.parent_path();
    candidates.push_back(folder / "worker");
    candidates.push_back(folder.parent_path() / "worker" / "worker");
  }
  const char* path = getenv("PATH");
  for (absl::string_view folder :
       absl::StrSplit(path == nullptr ? "" : path, ':', absl::SkipEmpty())) {
    candidates.push_back(std::filesystem::path(std::string(folder)) / "worker");
  }
  for (const std::filesystem::path& candidate : candidates) {
    if (IsProgram(candidate)) return candidate.string();
  }
  return absl::NotFoundError(absl::StrCat(
      "there is no worker program beside this one or on PATH; looked at ",
      Printable(absl::StrJoin(candidates, ", ",
                              [](std::string* out, const auto& candidate) {
                                out->append(candidate.string());
                              }),
                1024),
      ": install both programs into one folder"));
}

absl::StatusOr<std::unique_ptr<LocalWorkers>> LocalWorkers::Start(
    LocalWorkersOptions options) {
  if (options.program.empty()) {
    ASSIGN_OR_RETURN(options.program, FindWorkerProgram());
  }
  WorkerCommand command;
  command.arguments = {options.program,
                       "--connect",
                       options.endpoint,
                       "--slots",
                       absl::StrCat(options.slots),
                       "--drain-seconds",
                       absl::StrCat(kDrainSeconds)};
  for (int i = 0; i < options.verbosity; ++i) {
    command.arguments.emplace_back("-v");
  }
  if (options.log_json) {
    command.arguments.insert(command.arguments.end(), {"--log-format", "json"});
  }
  if (!options.cache_folder.empty()) {
    command.arguments.insert(command.arguments.end(),
                             {"--cache", options.cache_folder});
  }
  command.log_file = options.log_file;
  auto workers =
      std::make_unique<ProcessPool>(std::move(command), options.workers);
  RETURN_IF_ERROR(workers->StartAll(absl::Now()));
  return workers;
}

}  // namespace registry_manager
