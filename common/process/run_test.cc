// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/process/run.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/status/status.h"
#include "absl/time/clock.h"

namespace registry_manager {
namespace {

ProgramRun Shell(const std::string& script) {
  ProgramRun run;
  run.arguments = {"sh", "-c", script};
  return run;
}

TEST(RunProgramTest, GivesStatusOutputAndErrors) {
  ProgramRun run = Shell("cat; echo wrong >&2; exit 3");
  run.input = "hello";
  const absl::StatusOr<ProgramResult> result = RunProgram(run);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 3);
  EXPECT_EQ(result->output, "hello");
  EXPECT_EQ(result->errors, "wrong\n");
}

TEST(RunProgramTest, AddsToTheEnvironment) {
  ProgramRun run = Shell("printf %s \"$GREETING\"");
  run.environment = {"GREETING=hi"};
  EXPECT_EQ(RunProgram(run)->output, "hi");
}

TEST(RunProgramTest, SaysThatThereIsNoSuchProgram) {
  ProgramRun run;
  run.arguments = {"no-such-program-anywhere"};
  EXPECT_TRUE(absl::IsNotFound(RunProgram(run).status()));
}

TEST(RunProgramTest, EndsAProgramAndItsChildrenAtTheDeadline) {
  ProgramRun run = Shell("sleep 60 & sleep 60");
  run.deadline = absl::Milliseconds(100);
  const absl::Time begun = absl::Now();
  EXPECT_TRUE(absl::IsDeadlineExceeded(RunProgram(run).status()));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(10));
}

TEST(RunProgramTest, EndsACancelledProgram) {
  ProgramRun run = Shell("sleep 60");
  run.cancelled = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(RunProgram(run).status()));
}

}  // namespace
}  // namespace registry_manager
