// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/fleet/worker_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/process/environment.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr int kExecFailed = 127;

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

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The child's side, between fork and exec: only what is safe there.
[[noreturn]] void Exec(pid_t parent, int input, int output, int exec_error,
                       char* const* arguments, char* const* environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before the line above.
  if (getppid() != parent) _exit(kExecFailed);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  // For files that somebody opened without O_CLOEXEC; `exec_error` has it.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  execve(arguments[0], arguments, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t written =
      write(exec_error, &error, sizeof error);
  _exit(kExecFailed);
}

absl::StatusOr<int> Open(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  return absl::UnavailableError(absl::StrCat(
      "cannot open ", Printable(path), " for a worker: ", strerror(errno)));
}

}  // namespace

absl::StatusOr<pid_t> StartWorkerProcess(const WorkerCommand& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = WorkerEnvironment();
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> environment_pointers = Pointers(environment);
  const absl::StatusOr<int> input = Open("/dev/null", O_RDONLY);
  if (!input.ok()) return input.status();
  absl::StatusOr<int> output = STDERR_FILENO;
  if (!command.log_file.empty()) {
    output = Open(command.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND);
  }
  int exec_error[2] = {-1, -1};
  absl::Status failure = output.status();
  if (failure.ok() && pipe2(exec_error, O_CLOEXEC) != 0) {
    failure = absl::ResourceExhaustedError(
        absl::StrCat("cannot make a pipe for a worker: ", strerror(errno)));
  }
  pid_t pid = -1;
  if (failure.ok()) {
    const pid_t parent = getpid();
    pid = fork();
    if (pid == 0) {
      Exec(parent, *input, *output, exec_error[1], argument_pointers.data(),
           environment_pointers.data());
    }
    if (pid < 0) {
      failure = absl::ResourceExhaustedError(
          absl::StrCat("cannot start a worker process: ", strerror(errno)));
    }
  }
  close(*input);
  if (output.ok() && *output != STDERR_FILENO) close(*output);
  if (exec_error[1] >= 0) close(exec_error[1]);
  int error = 0;
  if (pid > 0 && read(exec_error[0], &error, sizeof error) == sizeof error) {
    waitpid(pid, nullptr, 0);
    failure = absl::NotFoundError(absl::StrCat("cannot run the worker program ",
                                               Printable(arguments[0]), ": ",
                                               strerror(error)));
  }
  if (exec_error[0] >= 0) close(exec_error[0]);
  if (!failure.ok()) return failure;
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
