// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_VERB_HELP_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_VERB_HELP_H_

#include <string>
#include <vector>

namespace registry_manager {

// The help texts of a flag, a verb and the program. The man page and the
// completion are made from them.
struct FlagHelp {
  // "-c", "--config".
  std::vector<std::string> names;
  // "FILE", "N", …; empty: it takes no value.
  std::string value;
  std::string about;
};

struct VerbHelp {
  std::string name;
  std::string about;
  std::string example;
  // "CONFIG", "[RUN]", "SHELL", "[VERB]" or empty.
  std::string argument;
  std::vector<FlagHelp> flags;
};

struct ProgramHelp {
  std::string name;
  std::string version;
  std::string about;
  std::vector<VerbHelp> verbs;
};

// The manual in troff, section 1 (man-pages(7)).
std::string ManPage(const ProgramHelp& program);
// Scripts that complete verbs, flags, files and runs.
std::string BashCompletion(const ProgramHelp& program);
std::string ZshCompletion(const ProgramHelp& program);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_VERB_HELP_H_
