// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_RUN_COMMAND_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_RUN_COMMAND_H_

#include <optional>
#include <string>

#include "coordinator/records/retention.h"
#include "coordinator/run/work_stream.h"

namespace registry_manager {

// The command line of the verbs that carry a config out.
struct RunCommand {
  Verb verb = Verb::kSubmit;
  std::string config;
  std::optional<bool> dry_run;
  bool fresh = false;
  bool details = false;
  bool progress = true;
  int retries = 3;
  // Overrides max-connections of every registry.
  std::optional<int> process_limit;
  int verbosity = 0;
  // 0: one a core.
  int workers = 0;
  int slots = 4;
  // A Redis server instead of the private one.
  std::string redis;
  std::string redis_file;
  // Standard output, and standard error, for programs (docs/json.md).
  bool json = false;
  bool log_json = false;
  // The limits for what is kept of earlier runs.
  RunLimits keep;
  // A finished run: only its failed actions are tried again.
  std::string retry_of;
};

// Carries the verb out and returns the exit status (exit_status.h).
int RunConfig(const RunCommand& command);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_RUN_COMMAND_H_
