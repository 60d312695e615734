// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/repository_locks.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace registry_manager {
namespace {

class RepositoryLocksTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/locks-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }

  RepositoryLocks Open() {
    absl::StatusOr<RepositoryLocks> locks = RepositoryLocks::Open(folder_);
    EXPECT_TRUE(locks.ok()) << locks.status();
    return *std::move(locks);
  }

  // Whether another process gets the lock.
  bool AnotherGets(const std::string& repository) {
    const pid_t child = fork();
    if (child == 0) _exit(Open().TryLock(repository) ? 0 : 1);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  std::string folder_;
};

TEST_F(RepositoryLocksTest, KeepsOtherProcessesOut) {
  RepositoryLocks locks = Open();
  ASSERT_TRUE(locks.TryLock("https://a.example/app"));
  EXPECT_FALSE(AnotherGets("https://a.example/app"));
  EXPECT_TRUE(AnotherGets("https://a.example/other"));
  locks.Unlock("https://a.example/app");
  EXPECT_TRUE(AnotherGets("https://a.example/app"));
}

TEST_F(RepositoryLocksTest, IsReleasedAsOftenAsItWasTaken) {
  RepositoryLocks locks = Open();
  ASSERT_TRUE(locks.TryLock("r"));
  ASSERT_TRUE(locks.TryLock("r"));
  locks.Unlock("r");
  EXPECT_FALSE(AnotherGets("r"));
  locks.Unlock("r");
  EXPECT_TRUE(AnotherGets("r"));
}

TEST_F(RepositoryLocksTest, EndsWithTheProcessHoweverThatEnds) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    RepositoryLocks locks = Open();
    if (locks.TryLock("r") && write(ready[1], "x", 1) == 1) pause();
    _exit(1);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  RepositoryLocks locks = Open();
  EXPECT_FALSE(locks.TryLock("r"));
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(locks.TryLock("r"));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(RepositoryLocksTest, SaysWhatFileCannotBeOpened) {
  const absl::StatusOr<RepositoryLocks> locks =
      RepositoryLocks::Open(folder_ + "/none");
  ASSERT_FALSE(locks.ok());
  EXPECT_NE(locks.status().message().find(folder_ + "/none"),
            std::string::npos);
}

}  // namespace
}  // namespace registry_manager
