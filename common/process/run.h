// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_PROCESS_RUN_H_
#define REGISTRY_MANAGER_COMMON_PROCESS_RUN_H_

#include <functional>
#include <optional>
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
  // "NAME=VALUE", in addition to the variables that the program inherits
  // (environment.h).
  std::vector<std::string> environment;
  // Names of this process's own environment that the program gets; nullopt:
  // all of it.
  std::optional<std::vector<std::string>> inherited;
  std::string input;
  absl::Duration deadline = absl::Seconds(10);
  // Called every 50 ms; if it returns true, the program is ended. May be empty.
  std::function<bool()> cancelled;
  // Called, at most once a second, when the program has read or written
  // something, be it a file or a socket, since the call before. May be empty.
  std::function<void()> on_activity;
};

struct ProgramResult {
  // The exit status, or 128 plus the signal's number if a signal ended the
  // program.
  int status = 0;
  // The first MiB of each.
  std::string output;
  std::string errors;
};

// Runs a program in a process group of its own. The deadline or the
// cancellation ends the group (SIGTERM, then SIGKILL two seconds later). If the
// program ends by itself, the rest of its group is killed. If this process
// ends, the program is killed. The program gets no open file of this process.
// NotFound: there is no such program. DeadlineExceeded, Cancelled. Thread-safe.
absl::StatusOr<ProgramResult> RunProgram(const ProgramRun& run);

// Whether PATH has a program of that name.
bool HasProgram(absl::string_view name);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_PROCESS_RUN_H_
