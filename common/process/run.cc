// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/process/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace registry_manager {
namespace {

constexpr size_t kMaxOutput = 1 << 20;
constexpr int kExecFailed = 127;

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

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// This process's environment with `additions` in the place of what they name.
std::vector<std::string> MergedEnvironment(
    const std::vector<std::string>& additions) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text(*entry);
    const absl::string_view name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& addition : additions) {
      replaced |= absl::string_view(addition).substr(0, name.size()) == name;
    }
    if (!replaced) merged.emplace_back(*entry);
  }
  merged.insert(merged.end(), additions.begin(), additions.end());
  return merged;
}

// The child's side, between fork and exec: only what is safe there.
[[noreturn]] void Exec(pid_t parent, int input, int output, int errors,
                       int exec_error, char* const* arguments,
                       char* const* environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExecFailed);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  execvpe(arguments[0], arguments, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t written =
      write(exec_error, &error, sizeof error);
  _exit(kExecFailed);
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

class Program {
 public:
  absl::Status Start(const ProgramRun& run);
  absl::StatusOr<ProgramResult> Finish(const ProgramRun& run);

 private:
  // Moves bytes for at most 50 ms.
  void Exchange(absl::string_view& input, ProgramResult& result);
  void Kill();

  pid_t pid_ = -1;
  Fd input_, output_, errors_;
};

absl::Status Program::Start(const ProgramRun& run) {
  absl::StatusOr<Pipe> input = MakePipe(), output = MakePipe(),
                       errors = MakePipe(), exec_error = MakePipe();
  for (const auto* pipe : {&input, &output, &errors, &exec_error}) {
    if (!pipe->ok()) return pipe->status();
  }
  const std::vector<char*> arguments = Pointers(run.arguments);
  const std::vector<std::string> environment =
      MergedEnvironment(run.environment);
  const std::vector<char*> environment_pointers = Pointers(environment);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start ", run.arguments[0], ": ", strerror(errno)));
  }
  if (pid_ == 0) {
    Exec(parent, input->read_end.get(), output->write_end.get(),
         errors->write_end.get(), exec_error->write_end.get(), arguments.data(),
         environment_pointers.data());
  }
  exec_error->write_end.Close();
  int error = 0;
  if (read(exec_error->read_end.get(), &error, sizeof error) == sizeof error) {
    waitpid(pid_, nullptr, 0);
    return absl::NotFoundError(
        absl::StrCat("cannot run ", run.arguments[0], ": ", strerror(error)));
  }
  input_ = std::move(input->write_end);
  output_ = std::move(output->read_end);
  errors_ = std::move(errors->read_end);
  for (const Fd* fd : {&input_, &output_, &errors_}) {
    fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  }
  return absl::OkStatus();
}

void Program::Exchange(absl::string_view& input, ProgramResult& result) {
  if (input.empty()) input_.Close();
  pollfd fds[] = {{output_.get(), POLLIN, 0},
                  {errors_.get(), POLLIN, 0},
                  {input_.get(), POLLOUT, 0}};
  if (poll(fds, 3, 50) <= 0) return;
  if (fds[0].revents != 0) ReadAvailable(output_, result.output);
  if (fds[1].revents != 0) ReadAvailable(errors_, result.errors);
  if (fds[2].revents != 0) WriteAvailable(input_, input);
}

void Program::Kill() {
  kill(-pid_, SIGTERM);
  const absl::Time patience = absl::Now() + absl::Seconds(2);
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (absl::Now() > patience) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      return;
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  // What it started may have stayed.
  kill(-pid_, SIGKILL);
}

absl::StatusOr<ProgramResult> Program::Finish(const ProgramRun& run) {
  ProgramResult result;
  absl::string_view input = run.input;
  const absl::Time deadline = absl::Now() + run.deadline;
  int status = 0;
  bool ended = false;
  while (!ended) {
    Exchange(input, result);
    ended =
        !output_.open() && !errors_.open() && waitpid(pid_, &status, 0) == pid_;
    if (!ended && run.cancelled && run.cancelled()) {
      Kill();
      return absl::CancelledError(
          absl::StrCat(run.arguments[0], " was stopped"));
    }
    if (!ended && absl::Now() > deadline) {
      Kill();
      return absl::DeadlineExceededError(
          absl::StrCat(run.arguments[0], " did not end within ",
                       absl::FormatDuration(run.deadline)));
    }
  }
  result.status =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace

absl::StatusOr<ProgramResult> RunProgram(const ProgramRun& run) {
  // A program that does not read its input must not end this process; the
  // programs ignore SIGPIPE from their start.
  Program program;
  if (const absl::Status status = program.Start(run); !status.ok()) {
    return status;
  }
  return program.Finish(run);
}

}  // namespace registry_manager
