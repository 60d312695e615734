// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/socket_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

std::string FolderOf(const std::string& file) {
  return file.substr(0, file.rfind('/'));
}

class SocketPathTest : public testing::Test {
 protected:
  SocketPathTest() {
    std::string name = testing::TempDir() + "/folder-XXXXXX";
    base_ = mkdtemp(name.data());
  }
  std::string base_;
};

TEST_F(SocketPathTest, LongPathsGetAShortSocket) {
  EXPECT_EQ(SocketPath("/state/redis"), "/state/redis/redis.sock");
  // "/redis.sock" is 11 bytes: 89 make 100.
  EXPECT_EQ(SocketPath("/" + std::string(88, 'x')),
            "/" + std::string(88, 'x') + "/redis.sock");
  const std::string socket = SocketPath("/" + std::string(89, 'x'));
  EXPECT_LE(socket.size(), 100u);
  EXPECT_NE(socket, SocketPath("/" + std::string(89, 'y')));
}

TEST_F(SocketPathTest, ALinkPlantedUnderTmpIsRefused) {
  const std::string folder = base_ + "/" + std::string(100, 'x');
  const std::string planted = FolderOf(SocketPath(folder));
  ASSERT_EQ(symlink(base_.c_str(), planted.c_str()), 0);
  EXPECT_FALSE(MakeSocketFolder(folder).ok());
  ASSERT_EQ(unlink(planted.c_str()), 0);
  EXPECT_TRUE(MakeSocketFolder(folder).ok());
  EXPECT_EQ(ModeOf(planted), 0700u);
  ASSERT_EQ(chmod(planted.c_str(), 0777), 0);
  EXPECT_FALSE(MakeSocketFolder(folder).ok());
  RemoveSocketFolder(folder);
  EXPECT_NE(access(planted.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace registry_manager
