// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/life_sign.h"

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

class LifeSignTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/life-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/alive";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::optional<LifeSign> Give() {
    absl::StatusOr<LifeSign> sign = LifeSign::Give(file_);
    EXPECT_TRUE(sign.ok()) << sign.status();
    return *std::move(sign);
  }

  std::string folder_;
  std::string file_;
};

TEST_F(LifeSignTest, IsGivenUntilTheLastObjectGoes) {
  EXPECT_FALSE(LifeSign::IsGiven(file_));
  std::optional<LifeSign> one = Give();
  std::optional<LifeSign> two = Give();
  EXPECT_TRUE(LifeSign::IsGiven(file_));
  one.reset();
  EXPECT_TRUE(LifeSign::IsGiven(file_));
  two.reset();
  EXPECT_FALSE(LifeSign::IsGiven(file_));
}

TEST_F(LifeSignTest, GoesWithAProcessThatIsKilled) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<LifeSign> sign = LifeSign::Give(file_);
    const char given = sign.ok() ? 'y' : 'n';
    if (write(ready[1], &given, 1) != 1) _exit(1);
    while (true) pause();
  }
  char given = 'n';
  ASSERT_EQ(read(ready[0], &given, 1), 1);
  ASSERT_EQ(given, 'y');
  EXPECT_TRUE(LifeSign::IsGiven(file_));

  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);

  EXPECT_FALSE(LifeSign::IsGiven(file_));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(LifeSignTest, AFileAloneIsNoSign) {
  std::ofstream(file_) << "1";
  EXPECT_FALSE(LifeSign::IsGiven(file_));
}

TEST_F(LifeSignTest, WhatCannotBeLookedAtMayBeAlive) {
  std::filesystem::create_symlink("elsewhere", file_);
  EXPECT_TRUE(LifeSign::IsGiven(file_));
  EXPECT_FALSE(LifeSign::Give(file_).ok());
}

}  // namespace
}  // namespace registry_manager
