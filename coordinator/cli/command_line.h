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

// What was typed.
struct Command {
  // "submit", "status", ….
  std::string verb;
  // Of the verbs that take a config, and of `retry`.
  RunCommand run_command;
  // Of `status`, `report`, `retry`: an id; empty: the latest run.
  std::string run;
  // Of `forget`.
  std::vector<std::string> runs;
  // Of `report`.
  std::string html_file;
  // Of `completion`: "bash" or "zsh".
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
  // Of `help`.
  std::string help_of_;
  bool dry_ = false;
  bool no_dry_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_COMMAND_LINE_H_
