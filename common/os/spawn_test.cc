// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace registry_manager {
namespace {

class SpawnTest : public testing::Test {
 protected:
  SpawnTest() {
    EXPECT_EQ(pipe2(output_, O_CLOEXEC), 0);
    null_ = open("/dev/null", O_RDWR | O_CLOEXEC);
    options_.environment = {"PATH=/usr/bin:/bin", "GREETING=hello"};
    options_.input = null_;
    options_.output = output_[1];
    options_.errors = null_;
  }
  ~SpawnTest() override {
    close(output_[0]);
    if (output_[1] >= 0) close(output_[1]);
    close(null_);
  }

  // Returns the output of a shell that runs `script`.
  std::string Run(const std::string& script) {
    options_.arguments = {"sh", "-c", script};
    const absl::StatusOr<pid_t> pid = Spawn(options_);
    EXPECT_TRUE(pid.ok()) << pid.status();
    if (!pid.ok()) return "";
    close(output_[1]);
    output_[1] = -1;
    std::string text;
    char buffer[256];
    ssize_t size;
    while ((size = read(output_[0], buffer, sizeof buffer)) > 0) {
      text.append(buffer, size);
    }
    EXPECT_EQ(waitpid(*pid, &wait_status_, 0), *pid);
    return text;
  }

  SpawnOptions options_;
  int output_[2];
  int null_;
  int wait_status_ = -1;
};

TEST_F(SpawnTest, GivesTheProgramItsArgumentsAndEnvironment) {
  EXPECT_EQ(Run("echo $GREETING $HOME; exit 7"), "hello\n");
  EXPECT_EQ(WEXITSTATUS(wait_status_), 7);
}

TEST_F(SpawnTest, GivesTheProgramNoOtherFiles) {
  const int leak = open("/dev/null", O_RDONLY);
  ASSERT_GT(leak, STDERR_FILENO);
  EXPECT_EQ(Run("i=3; while [ $i -le 64 ]; do "
                "[ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done; echo end"),
            "end\n");
  close(leak);
}

TEST_F(SpawnTest, GivesTheProgramAFourthFileIfAsked) {
  options_.fourth = null_;
  EXPECT_EQ(Run("readlink /proc/$$/fd/3"), "/dev/null\n");
}

TEST_F(SpawnTest, FilesMayHaveEachOthersNumbers) {
  // The output has the number of the input, and so on.
  options_.input = STDERR_FILENO;
  options_.errors = STDIN_FILENO;
  options_.fourth = output_[1];
  EXPECT_EQ(Run("echo to the third >&3; echo to the first"),
            "to the third\nto the first\n");
}

TEST_F(SpawnTest, StartsAGroupOfItsOwn) {
  const std::string group = Run("ps -o pgid= -p $$ | tr -d ' '; echo $$");
  const size_t end = group.find('\n');
  EXPECT_EQ(group.substr(0, end + 1), group.substr(end + 1));
}

TEST_F(SpawnTest, SignalsHaveTheirUsualHandling) {
  const auto before = signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(Run("kill -PIPE $$; echo still here"), "");
  EXPECT_EQ(WTERMSIG(wait_status_), SIGPIPE);
  signal(SIGPIPE, before);
}

TEST_F(SpawnTest, SetsTheUmask) {
  options_.umask = 077;
  EXPECT_EQ(Run("umask"), "0077\n");
}

TEST_F(SpawnTest, SaysWhyAProgramCannotBeRun) {
  options_.arguments = {"/nowhere/program"};
  const absl::Status status = Spawn(options_).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(),
            "cannot run /nowhere/program: No such file or directory");
}

}  // namespace
}  // namespace registry_manager
