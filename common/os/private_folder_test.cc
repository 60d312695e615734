// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/os/private_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

class PrivateFolderTest : public testing::Test {
 protected:
  PrivateFolderTest() {
    std::string name = testing::TempDir() + "/folder-XXXXXX";
    base_ = mkdtemp(name.data());
  }
  std::string base_;
};

TEST_F(PrivateFolderTest, IsForItsUserOnly) {
  auto folder = MakePrivateFolder(base_ + "/a/b");
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_EQ(ModeOf(*folder), 0700u);
  ASSERT_EQ(chmod(folder->c_str(), 0755), 0);
  ASSERT_TRUE(MakePrivateFolder(*folder).ok());
  EXPECT_EQ(ModeOf(*folder), 0700u);
}

TEST_F(PrivateFolderTest, AFileInItsPlaceIsRefused) {
  ASSERT_EQ(symlink("/dev/null", (base_ + "/file").c_str()), 0);
  EXPECT_FALSE(MakePrivateFolder(base_ + "/file").ok());
  EXPECT_FALSE(MakePrivateFolder(base_ + "/file/below").ok());
}

TEST_F(PrivateFolderTest, ALinkIsFollowedOnlyIfTheRulesSaySo) {
  ASSERT_TRUE(EnsurePrivateFolder(base_ + "/real", {}).ok());
  ASSERT_EQ(symlink((base_ + "/real").c_str(), (base_ + "/link").c_str()), 0);
  EXPECT_TRUE(
      EnsurePrivateFolder(base_ + "/link", {.follows_links = true}).ok());
  EXPECT_TRUE(
      absl::IsFailedPrecondition(EnsurePrivateFolder(base_ + "/link", {})));
}

TEST_F(PrivateFolderTest, AFolderThatWasOpenToOthersIsRefusedIfTheRulesSaySo) {
  const std::string folder = base_ + "/open";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(chmod(folder.c_str(), 0770), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      EnsurePrivateFolder(folder, {.mends_mode = false})));
  EXPECT_EQ(ModeOf(folder), 0770u);
  EXPECT_TRUE(EnsurePrivateFolder(folder, {}).ok());
  EXPECT_TRUE(EnsurePrivateFolder(folder, {.mends_mode = false}).ok());
}

}  // namespace
}  // namespace registry_manager
