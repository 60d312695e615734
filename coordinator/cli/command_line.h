// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_COMMAND_LINE_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_COMMAND_LINE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/cli/run_command.h"
#include "coordinator/cli/verb_help.h"

// NOLINTNEXTLINE(readability-identifier-naming): CLI11 calls itself so.
namespace CLI {
class App;
}

namespace registry_manager {

// The command that was typed.
struct Command {
  // "submit", "status", ….
  std::string verb;
  // Set for the verbs that take a config, and for `retry`.
  RunCommand run_command;
  // Set for `status`, `report` and `retry`: an id; if it is empty, the latest
  // run is meant.
  std::string run;
  // Set for `forget` only.
  std::vector<std::string> runs;
  // Set for `report` only.
  std::string html_file;
  // Set for `completion` only: "bash" or "zsh".
  std::string shell;
};

// The program's verbs and flags: `--help`, the man page and the completion are
// all made from them.
class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Reads the arguments into command(). Otherwise help was shown, or what is
  // wrong was said, and the exit status is returned.
  std::optional<int> Parse(int argc, const char* const* argv);
  const Command& command() const { return command_; }

  ProgramHelp help() const;

 private:
  int ShowHelp() const;

  Command command_;
  std::unique_ptr<CLI::App> app_;
  // Set for `help` only: the verb to explain.
  std::string help_of_;
  bool dry_ = false;
  bool no_dry_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_COMMAND_LINE_H_
