// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr int kExecFailed = 127;
constexpr int kFourth = 3;
constexpr int kMostFiles = 65536;
// The numbers that the program's files get are below this one.
constexpr int kFirstFree = kFourth + 1;

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// The parts of the child's side, between fork and exec: only what is safe
// there.

void ResetSignals() {
  // A program inherits which signals are ignored and which are blocked.
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Closes all files from `first` on at exec.
void HideFrom(int first) {
  if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  // An older kernel, or a container that forbids it.
  rlimit limit;
  const bool is_known =
      getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < kMostFiles;
  const int end = is_known ? static_cast<int>(limit.rlim_cur) : kMostFiles;
  for (int fd = first; fd < end; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// False: errno says why not. `exec_error` gets out of the way.
bool TakeFiles(const SpawnOptions& options, int& exec_error) {
  const int wanted[] = {options.input, options.output, options.errors,
                        options.fourth};
  // First out of the way of the numbers that they must have.
  int copies[4];
  for (int i = 0; i < 4; ++i) {
    copies[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD, kFirstFree);
    if (wanted[i] >= 0 && copies[i] < 0) return false;
  }
  const int moved = fcntl(exec_error, F_DUPFD_CLOEXEC, kFirstFree);
  if (moved < 0) return false;
  exec_error = moved;
  for (int i = 0; i < 4; ++i) {
    if (copies[i] >= 0 && dup2(copies[i], i) < 0) return false;
  }
  HideFrom(options.fourth < 0 ? kFourth : kFirstFree);
  return true;
}

[[noreturn]] void Become(const SpawnOptions& options, pid_t parent,
                         int exec_error, char* const* arguments,
                         char* const* environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before the line above.
  if (getppid() != parent) _exit(kExecFailed);
  ResetSignals();
  if (options.umask >= 0) umask(static_cast<mode_t>(options.umask));
  if (TakeFiles(options, exec_error)) {
    execvpe(arguments[0], arguments, environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written =
      write(exec_error, &error, sizeof error);
  _exit(kExecFailed);
}

// The errno of the child's exec; 0 if that succeeded.
int ReadExecError(int fd) {
  int error = 0;
  ssize_t size;
  do {
    size = read(fd, &error, sizeof error);
  } while (size < 0 && errno == EINTR);
  return size == sizeof error ? error : 0;
}

}  // namespace

absl::StatusOr<pid_t> Spawn(const SpawnOptions& options) {
  const std::string program = Printable(options.arguments[0]);
  const std::vector<char*> arguments = Pointers(options.arguments);
  const std::vector<char*> environment = Pointers(options.environment);
  int exec_error[2];
  if (pipe2(exec_error, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start ", program, ": ", strerror(errno)));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    Become(options, parent, exec_error[1], arguments.data(),
           environment.data());
  }
  const int fork_error = errno;
  close(exec_error[1]);
  const int error = pid > 0 ? ReadExecError(exec_error[0]) : 0;
  close(exec_error[0]);
  if (pid < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start ", program, ": ", strerror(fork_error)));
  }
  if (error == 0) return pid;
  waitpid(pid, nullptr, 0);
  const std::string message =
      absl::StrCat("cannot run ", program, ": ", strerror(error));
  const bool is_short =
      error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
  return is_short ? absl::ResourceExhaustedError(message)
                  : absl::NotFoundError(message);
}

}  // namespace registry_manager
