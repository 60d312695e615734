// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_PROCESS_RUN_H_
#define REGISTRY_MANAGER_COMMON_PROCESS_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace registry_manager {

// One run of another program, from start to end.
struct ProgramRun {
  // The program's name or path (looked up on PATH), then its arguments.
  std::vector<std::string> arguments;
  // "NAME=VALUE" beside this process's own environment.
  std::vector<std::string> environment;
  std::string input;
  absl::Duration deadline = absl::Seconds(10);
  // Asked every 50 ms: true ends the program. May be empty.
  std::function<bool()> cancelled;
};

struct ProgramResult {
  // The exit status; 128 and the signal's number where a signal ended it.
  int status = 0;
  // The first MiB of each.
  std::string output;
  std::string errors;
};

// Runs a program in a process group of its own, which ends (SIGTERM, then
// SIGKILL two seconds later) with the deadline or the cancellation, and with
// this process. NotFound: there is no such program. DeadlineExceeded,
// Cancelled. Thread-safe.
absl::StatusOr<ProgramResult> RunProgram(const ProgramRun& run);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_PROCESS_RUN_H_
