// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_FLEET_WORKER_PROCESS_H_
#define REGISTRY_MANAGER_COORDINATOR_FLEET_WORKER_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace registry_manager {

// One child process that ends with the thread that started it.

struct WorkerCommand {
  // A path, then arguments. Visible to every user of the machine: no secrets.
  std::vector<std::string> arguments;
  // The file to which standard output and standard error are appended; empty:
  // this process's standard error is used.
  std::string log_file;
};

// Starts it, in a process group of its own, with standard input empty and no
// other open file. An error says what could not be done.
absl::StatusOr<pid_t> StartWorkerProcess(const WorkerCommand& command);

// "exited with status 3", "was ended by signal 9 (Killed)", for waitpid's
// status.
std::string DescribeExit(int wait_status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_FLEET_WORKER_PROCESS_H_
