// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/process/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

#include "common/process/run.h"

namespace registry_manager {
namespace {

bool IsPassed(const std::string& entry) {
  const std::vector<std::string> all = EnvironmentForPrograms();
  return std::find(all.begin(), all.end(), entry) != all.end();
}

TEST(EnvironmentForProgramsTest, LeavesOutWhatIsWithheldAndNothingElse) {
  setenv("TEST_SECRET", "hidden", 1);
  setenv("TEST_SECRETARY", "seen", 1);
  EXPECT_TRUE(IsPassed("TEST_SECRET=hidden"));
  WithholdFromPrograms({"TEST_SECRET"});
  EXPECT_FALSE(IsPassed("TEST_SECRET=hidden"));
  EXPECT_TRUE(IsPassed("TEST_SECRETARY=seen"));
  // This process goes on having it.
  EXPECT_STREQ(getenv("TEST_SECRET"), "hidden");

  ProgramRun run;
  run.arguments = {"sh", "-c", "printf '%s' \"${TEST_SECRET-unset}\""};
  const absl::StatusOr<ProgramResult> result = RunProgram(run);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output, "unset");
}

TEST(EnvironmentForProgramsTest, NeverWithholdsWhatProgramsNeed) {
  for (const char* name : {"PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR",
                           "https_proxy", "HTTPS_PROXY", "NO_PROXY"}) {
    setenv(name, "/bin:/usr/bin", 1);
    WithholdFromPrograms({name});
    EXPECT_TRUE(IsPassed(std::string(name) + "=/bin:/usr/bin")) << name;
  }
}

}  // namespace
}  // namespace registry_manager
