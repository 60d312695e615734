// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/temporary_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

class TemporaryFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    place_ = testing::TempDir() + "/place-XXXXXX";
    ASSERT_NE(mkdtemp(place_.data()), nullptr);
  }
  void TearDown() override { fs::remove_all(place_); }

  // Returns the folder of a process that ended without a destructor.
  fs::path LeaveOver() {
    const pid_t child = fork();
    if (child == 0) {
      const auto folder = TemporaryFolder::Make(place_, "things");
      _exit(folder.ok() ? 0 : 1);
    }
    int status = 1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return fs::directory_iterator(place_)->path();
  }

  std::string place_;
};

TEST_F(TemporaryFolderTest, IsForThisUserAloneAndGoesWithItsObject) {
  absl::StatusOr<TemporaryFolder> made =
      TemporaryFolder::Make(place_, "things");
  ASSERT_TRUE(made.ok()) << made.status();
  std::optional<TemporaryFolder> folder(*std::move(made));
  const std::string path = folder->path();
  struct stat info;
  ASSERT_EQ(lstat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  folder.reset();
  EXPECT_TRUE(fs::is_empty(place_));
}

TEST_F(TemporaryFolderTest, RemovesThoseOfProcessesThatHaveEnded) {
  const fs::path left = LeaveOver();
  const auto folder = TemporaryFolder::Make(place_, "things");
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_FALSE(fs::exists(left));
}

// Containers that share a place have processes of the same numbers: the folder
// that another one uses is told by its lock alone.
TEST_F(TemporaryFolderTest, LeavesThoseInUseAlone) {
  const auto one = TemporaryFolder::Make(place_, "things");
  const auto two = TemporaryFolder::Make(place_, "things");
  ASSERT_TRUE(two.ok()) << two.status();
  TemporaryFolder::RemoveLeftOvers(place_, "things");
  EXPECT_TRUE(fs::exists(one->path()));
  EXPECT_TRUE(fs::exists(two->path()));
}

TEST_F(TemporaryFolderTest, LeavesFoldersOfOtherNamesAlone) {
  const fs::path left = LeaveOver();
  ASSERT_TRUE(fs::create_directory(place_ + "/registry-manager-4711-0123"));
  const auto folder = TemporaryFolder::Make(place_, "others");
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_TRUE(fs::exists(left));
  EXPECT_TRUE(fs::exists(place_ + "/registry-manager-4711-0123"));
}

}  // namespace
}  // namespace registry_manager
