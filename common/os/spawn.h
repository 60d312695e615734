// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_OS_SPAWN_H_
#define REGISTRY_MANAGER_COMMON_OS_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace registry_manager {

// A program that must be started. The files stay the caller's.
struct SpawnOptions {
  // The program's path, or a name that is looked up on PATH; then its
  // arguments.
  std::vector<std::string> arguments;
  // All of its environment, each as "NAME=VALUE".
  std::vector<std::string> environment;
  int input = -1;
  int output = -1;
  int errors = -1;
  // The program gets this file as number 3; -1 if it gets none.
  int fourth = -1;
  // The program's umask; -1 if it is this process's.
  int umask = -1;
};

// Starts the program in a process group of its own, with the usual handling of
// all signals, and without any open file but those named. It is killed if the
// thread that started it ends. The caller reaps it. NotFound: it cannot be run,
// the message says why. ResourceExhausted: there is no room for another
// process. Thread-safe.
absl::StatusOr<pid_t> Spawn(const SpawnOptions& options);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_OS_SPAWN_H_
