// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coordinator/cli/check.h"
#include "coordinator/cli/command_line.h"
#include "coordinator/cli/complain.h"
#include "coordinator/cli/forget.h"
#include "coordinator/cli/inspect.h"
#include "coordinator/cli/retry.h"
#include "coordinator/cli/run_command.h"
#include "coordinator/cli/verb_help.h"
#include "coordinator/console/standard_output.h"
#include "coordinator/run/exit_status.h"

namespace registry_manager {
namespace {

// Opens standard streams that are closed, because a file that is opened later
// must not be taken for one of them.
void OpenStandardStreams() {
  int fd = -1;
  do {
    // Not to be closed in workers, which have the third of them.
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

void PrepareProcess() {
  OpenStandardStreams();
  WatchStandardOutput();
  ::signal(SIGPIPE, SIG_IGN);
  // If SIGCHLD is ignored, no child can be waited for.
  ::signal(SIGCHLD, SIG_DFL);
  // A core would hold credentials.
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// The run loop reads signals; no thread is to be interrupted by them. One that
// is ignored from the start (nohup, a shell's `&`) stays so.
void BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
    struct sigaction inherited = {};
    sigaction(signal, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int PrintText(const std::string& text) {
  printf("%s", text.c_str());
  return kAllDone;
}

int CarryOut(const CommandLine& line) {
  static const std::map<std::string, Verb> kRunVerbs = {
      {"submit", Verb::kSubmit},
      {"plan", Verb::kPlan},
      {"list", Verb::kList},
      {"delete", Verb::kDelete},
      {"sync", Verb::kSync}};
  const Command& command = line.command();
  if (const auto verb = kRunVerbs.find(command.verb); verb != kRunVerbs.end()) {
    RunCommand run = command.run_command;
    run.verb = verb->second;
    BlockSignals();
    return RunConfig(run);
  }
  const bool json = command.run_command.json;
  if (command.verb == "retry") {
    BlockSignals();
    return RetryRun(command.run, command.run_command);
  }
  if (command.verb == "forget") {
    return ForgetRuns(command.runs, command.run_command);
  }
  if (command.verb == "check") return CheckConfig(command.run_command);
  if (command.verb == "status") return ShowStatus(command.run, json);
  if (command.verb == "runs") return ShowRuns(json);
  if (command.verb == "man") return PrintText(ManPage(line.help()));
  if (command.verb == "completion") {
    return PrintText(command.shell == "zsh" ? ZshCompletion(line.help())
                                            : BashCompletion(line.help()));
  }
  return ShowReport(
      {command.run, command.run_command.details, json, command.html_file});
}

// Says so where not all of standard output could be written. A reader who has
// gone (`plan | head`) has seen enough.
int Finish(const Command& command, int exit_status) {
  fflush(stdout);
  const int error = StandardOutputError();
  if (error == 0 || exit_status == kUsage) return exit_status;
  if (error == EPIPE) {
    const bool ends_early = command.verb == "plan" || command.verb == "list";
    return ends_early ? kInterrupted : exit_status;
  }
  return Complain(absl::UnavailableError(absl::StrCat(
                      "standard output cannot be written: ", strerror(error))),
                  kUnreachable, command.run_command.log_json);
}

int Main(int argc, char** argv) {
  PrepareProcess();
  CommandLine line;
  const std::optional<int> ended = line.Parse(argc, argv);
  return Finish(line.command(), ended ? *ended : CarryOut(line));
}

}  // namespace
}  // namespace registry_manager

int main(int argc, char** argv) { return registry_manager::Main(argc, argv); }
