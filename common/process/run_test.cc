// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/process/run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace registry_manager {
namespace {

ProgramRun Shell(const std::string& script) {
  ProgramRun run;
  run.arguments = {"sh", "-c", script};
  return run;
}

// True where the process is gone, or nobody's any more, within some seconds.
bool EndsSoon(int pid) {
  const absl::Time patience = absl::Now() + absl::Seconds(5);
  while (absl::Now() < patience) {
    std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
    std::string id, name, state;
    if (!(stat >> id >> name >> state) || state == "Z") return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return false;
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

TEST(RunProgramTest, PassesOnOnlyWhatIsNamed) {
  ASSERT_EQ(setenv("RUN_TEST_SECRET", "hidden", 1), 0);
  ASSERT_EQ(setenv("RUN_TEST_OPEN", "seen", 1), 0);
  ProgramRun run =
      Shell("printf '%s|%s' \"$RUN_TEST_SECRET\" \"$RUN_TEST_OPEN\"");
  EXPECT_EQ(RunProgram(run)->output, "hidden|seen");
  run.inherited = {"PATH", "RUN_TEST_OPEN"};
  EXPECT_EQ(RunProgram(run)->output, "|seen");
}

TEST(RunProgramTest, PassesOnNoOpenFile) {
  const int open_file = open("/dev/null", O_RDONLY);
  ASSERT_GE(open_file, 0);
  const ProgramRun run =
      Shell(absl::StrCat("[ ! -e /proc/self/fd/", open_file, " ]"));
  EXPECT_EQ(RunProgram(run)->status, 0);
  close(open_file);
}

TEST(RunProgramTest, KillsWhatAProgramLeavesBehind) {
  const absl::Time begun = absl::Now();
  const absl::StatusOr<ProgramResult> result =
      RunProgram(Shell("sleep 60 & echo $!"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LT(absl::Now() - begun, absl::Seconds(8));
  int child = 0;
  ASSERT_TRUE(absl::SimpleAtoi(result->output, &child));
  EXPECT_TRUE(EndsSoon(child));
}

TEST(RunProgramTest, TellsOfActivityForAsLongAsThereIsAny) {
  int signs = 0;
  ProgramRun run;
  run.arguments = {"dd", "if=/dev/zero", "of=/dev/null", "bs=4096"};
  run.deadline = absl::Seconds(30);
  run.on_activity = [&signs] { ++signs; };
  run.cancelled = [&signs] { return signs >= 2; };
  EXPECT_TRUE(absl::IsCancelled(RunProgram(run).status()));
}

TEST(HasProgramTest, LooksOnThePath) {
  EXPECT_TRUE(HasProgram("sh"));
  EXPECT_FALSE(HasProgram("no-such-program-anywhere"));
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
