// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/process_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace registry_manager {
namespace {

class ProcessLockTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/life-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/alive";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::optional<ProcessLock> Hold() {
    absl::StatusOr<ProcessLock> lock = ProcessLock::Hold(file_);
    EXPECT_TRUE(lock.ok()) << lock.status();
    return *std::move(lock);
  }

  std::string folder_;
  std::string file_;
};

TEST_F(ProcessLockTest, IsHeldUntilTheLastObjectGoes) {
  EXPECT_FALSE(ProcessLock::IsHeld(file_));
  std::optional<ProcessLock> one = Hold();
  std::optional<ProcessLock> two = Hold();
  EXPECT_TRUE(ProcessLock::IsHeld(file_));
  one.reset();
  EXPECT_TRUE(ProcessLock::IsHeld(file_));
  two.reset();
  EXPECT_FALSE(ProcessLock::IsHeld(file_));
}

TEST_F(ProcessLockTest, GoesWithAProcessThatIsKilled) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<ProcessLock> lock = ProcessLock::Hold(file_);
    const char given = lock.ok() ? 'y' : 'n';
    if (write(ready[1], &given, 1) != 1) _exit(1);
    while (true) pause();
  }
  char given = 'n';
  ASSERT_EQ(read(ready[0], &given, 1), 1);
  ASSERT_EQ(given, 'y');
  EXPECT_TRUE(ProcessLock::IsHeld(file_));

  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);

  EXPECT_FALSE(ProcessLock::IsHeld(file_));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(ProcessLockTest, AFileAloneIsNotALock) {
  std::ofstream(file_) << "1";
  EXPECT_FALSE(ProcessLock::IsHeld(file_));
}

TEST_F(ProcessLockTest, IsTakenForHeldIfItCannotBeLookedAt) {
  std::filesystem::create_symlink("elsewhere", file_);
  EXPECT_TRUE(ProcessLock::IsHeld(file_));
  EXPECT_FALSE(ProcessLock::Hold(file_).ok());
}

}  // namespace
}  // namespace registry_manager
