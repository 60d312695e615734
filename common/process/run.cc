// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/process/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/os/spawn.h"
#include "common/process/environment.h"

namespace registry_manager {
namespace {

constexpr size_t kMaxOutput = 1 << 20;
constexpr absl::Duration kActivityInterval = absl::Seconds(1);
// Less is what a runtime does to keep itself busy.
constexpr uint64_t kActiveBytes = 1 << 10;

// A file descriptor that is closed with its owner.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read_end;
  Fd write_end;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot make a pipe: ", strerror(errno)));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

bool Holds(const std::vector<std::string>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The program's environment: what it inherits, with the run's own in the place
// of what that names.
std::vector<std::string> EnvironmentOf(const ProgramRun& run) {
  std::vector<std::string> names;
  for (const std::string& entry : run.environment) {
    names.push_back(entry.substr(0, entry.find('=')));
  }
  std::vector<std::string> result = run.environment;
  for (const std::string& text : EnvironmentForPrograms()) {
    const std::string name = text.substr(0, text.find('='));
    const bool passed = !run.inherited || Holds(*run.inherited, name);
    if (passed && !Holds(names, name)) result.push_back(text);
  }
  return result;
}

// Reads what is there; closes at the end of the stream.
void ReadAvailable(Fd& fd, std::string& text) {
  char buffer[16 << 10];
  const ssize_t size = read(fd.get(), buffer, sizeof buffer);
  if (size > 0) {
    text.append(buffer, std::min<size_t>(size, kMaxOutput - text.size()));
  } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
    fd.Close();
  }
}

void WriteAvailable(Fd& fd, absl::string_view& rest) {
  const ssize_t size = write(fd.get(), rest.data(), rest.size());
  if (size > 0) rest.remove_prefix(size);
  if (rest.empty() || (size < 0 && errno != EINTR && errno != EAGAIN)) {
    fd.Close();
  }
}

// The number of bytes that a process has read and written so far, sockets
// included; 0 if the kernel does not tell.
uint64_t BytesMoved(pid_t pid) {
  std::ifstream stream(absl::StrCat("/proc/", pid, "/io"));
  uint64_t total = 0;
  std::string name;
  uint64_t value = 0;
  while (stream >> name >> value) {
    if (name == "rchar:" || name == "wchar:") total += value;
  }
  return total;
}

// True once the process has ended. The process is not reaped, so that its id,
// which is also the id of its group, is not given to another process.
bool HasEnded(pid_t pid) {
  siginfo_t info;
  info.si_pid = 0;
  return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

class Program {
 public:
  absl::Status Start(const ProgramRun& run);
  absl::StatusOr<ProgramResult> Finish(const ProgramRun& run);

 private:
  // Moves bytes for at most `patience`. False: there were none.
  bool Exchange(absl::Duration patience, absl::string_view& input,
                ProgramResult& result);
  void WatchActivity(const ProgramRun& run);
  // Ends the group, with patience if the group is told to end early.
  void Terminate();
  // Kills what is left of the group, and reaps the program.
  int Reap();

  pid_t pid_ = -1;
  Fd input_, output_, errors_;
  absl::Time next_look_ = absl::InfinitePast();
  uint64_t bytes_moved_ = 0;
};

absl::Status Program::Start(const ProgramRun& run) {
  ASSIGN_OR_RETURN(Pipe input, MakePipe());
  ASSIGN_OR_RETURN(Pipe output, MakePipe());
  ASSIGN_OR_RETURN(Pipe errors, MakePipe());
  SpawnOptions options;
  options.arguments = run.arguments;
  options.environment = EnvironmentOf(run);
  options.input = input.read_end.get();
  options.output = output.write_end.get();
  options.errors = errors.write_end.get();
  ASSIGN_OR_RETURN(pid_, Spawn(options));
  input_ = std::move(input.write_end);
  output_ = std::move(output.read_end);
  errors_ = std::move(errors.read_end);
  for (const Fd* fd : {&input_, &output_, &errors_}) {
    fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  }
  return absl::OkStatus();
}

bool Program::Exchange(absl::Duration patience, absl::string_view& input,
                       ProgramResult& result) {
  if (input.empty()) input_.Close();
  pollfd fds[] = {{output_.get(), POLLIN, 0},
                  {errors_.get(), POLLIN, 0},
                  {input_.get(), POLLOUT, 0}};
  if (poll(fds, 3, static_cast<int>(absl::ToInt64Milliseconds(patience))) <=
      0) {
    return false;
  }
  if (fds[0].revents != 0) ReadAvailable(output_, result.output);
  if (fds[1].revents != 0) ReadAvailable(errors_, result.errors);
  if (fds[2].revents != 0) WriteAvailable(input_, input);
  return true;
}

void Program::WatchActivity(const ProgramRun& run) {
  if (!run.on_activity || absl::Now() < next_look_) return;
  next_look_ = absl::Now() + kActivityInterval;
  const uint64_t bytes = BytesMoved(pid_);
  if (bytes < bytes_moved_ + kActiveBytes) return;
  bytes_moved_ = bytes;
  run.on_activity();
}

void Program::Terminate() {
  kill(-pid_, SIGTERM);
  const absl::Time patience = absl::Now() + absl::Seconds(2);
  while (!HasEnded(pid_) && absl::Now() < patience) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  Reap();
}

int Program::Reap() {
  kill(-pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

absl::StatusOr<ProgramResult> Program::Finish(const ProgramRun& run) {
  ProgramResult result;
  absl::string_view input = run.input;
  const absl::Time deadline = absl::Now() + run.deadline;
  while (!HasEnded(pid_)) {
    // A program that has closed its output is about to end.
    const bool quiet = !output_.open() && !errors_.open();
    Exchange(absl::Milliseconds(quiet ? 5 : 50), input, result);
    WatchActivity(run);
    if (run.cancelled && run.cancelled()) {
      Terminate();
      return absl::CancelledError(
          absl::StrCat(run.arguments[0], " was stopped"));
    }
    if (absl::Now() > deadline) {
      Terminate();
      return absl::DeadlineExceededError(
          absl::StrCat(run.arguments[0], " did not end within ",
                       absl::FormatDuration(run.deadline)));
    }
  }
  input_.Close();
  result.status = Reap();
  while ((output_.open() || errors_.open()) &&
         Exchange(absl::ZeroDuration(), input, result)) {
  }
  return result;
}

}  // namespace

absl::StatusOr<ProgramResult> RunProgram(const ProgramRun& run) {
  // A program that does not read its input must not end this process; the
  // programs ignore SIGPIPE from their start.
  Program program;
  RETURN_IF_ERROR(program.Start(run));
  return program.Finish(run);
}

bool HasProgram(absl::string_view name) {
  const char* path = getenv("PATH");
  if (path == nullptr) return false;
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    const std::string file = absl::StrCat(folder, "/", name);
    if (access(file.c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace registry_manager
