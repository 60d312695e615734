// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/fleet/worker_process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/os/spawn.h"
#include "common/process/environment.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

std::vector<std::string> WorkerEnvironment() {
  std::vector<std::string> environment = EnvironmentForPrograms();
  // Nothing but the journal needs the password that it may hold.
  environment.erase(std::remove_if(environment.begin(), environment.end(),
                                   [](const std::string& entry) {
                                     return absl::StartsWith(entry,
                                                             "RM_REDIS_URL=");
                                   }),
                    environment.end());
  return environment;
}

absl::StatusOr<int> Open(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  return absl::UnavailableError(absl::StrCat(
      "cannot open ", Printable(path), " for a worker: ", strerror(errno)));
}

}  // namespace

absl::StatusOr<pid_t> StartWorkerProcess(const WorkerCommand& command) {
  int output = STDERR_FILENO;
  if (!command.log_file.empty()) {
    ASSIGN_OR_RETURN(
        output, Open(command.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND));
  }
  const absl::StatusOr<int> input = Open("/dev/null", O_RDONLY);
  absl::StatusOr<pid_t> pid = absl::UnknownError("");
  if (input.ok()) {
    SpawnOptions options;
    options.arguments = command.arguments;
    options.environment = WorkerEnvironment();
    options.input = *input;
    options.output = output;
    options.errors = output;
    pid = Spawn(options);
    close(*input);
  } else {
    pid = input.status();
  }
  if (output != STDERR_FILENO) close(output);
  return pid;
}

std::string DescribeExit(int wait_status) {
  if (WIFEXITED(wait_status)) {
    return absl::StrCat("exited with status ", WEXITSTATUS(wait_status));
  }
  const int signal = WTERMSIG(wait_status);
  return absl::StrCat("was ended by signal ", signal, " (", strsignal(signal),
                      ")");
}

}  // namespace registry_manager
