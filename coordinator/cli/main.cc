// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "coordinator/cli/check.h"
#include "coordinator/cli/command_line.h"
#include "coordinator/cli/exit_status.h"
#include "coordinator/cli/inspect.h"
#include "coordinator/cli/retry.h"
#include "coordinator/cli/run_command.h"
#include "coordinator/cli/verb_help.h"

namespace registry_manager {
namespace {

// Signals are read by the run loop; no thread is to be interrupted by them.
void PrepareProcess() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // A core would hold credentials.
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
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
    return RunConfig(run);
  }
  const bool json = command.run_command.json;
  if (command.verb == "retry")
    return RetryRun(command.run, command.run_command);
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

int Main(int argc, char** argv) {
  PrepareProcess();
  CommandLine line;
  if (const std::optional<int> ended = line.Parse(argc, argv)) return *ended;
  return CarryOut(line);
}

}  // namespace
}  // namespace registry_manager

int main(int argc, char** argv) { return registry_manager::Main(argc, argv); }
