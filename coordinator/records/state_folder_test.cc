// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/state_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;

class StateFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    base_ = testing::TempDir() + "/state-XXXXXX";
    ASSERT_NE(mkdtemp(base_.data()), nullptr);
    setenv("XDG_STATE_HOME", (base_ + "/deep/state").c_str(), 1);
  }

  StateFolder Open() {
    absl::StatusOr<StateFolder> folder = StateFolder::Open();
    EXPECT_TRUE(folder.ok()) << folder.status();
    return *std::move(folder);
  }

  std::string base_;
};

proto::RunSnapshot Snapshot(const std::string& run, int64_t updated) {
  proto::RunSnapshot snapshot;
  snapshot.set_run(run);
  snapshot.set_updated_unix(updated);
  snapshot.set_state(proto::RunSnapshot::INCOMPLETE);
  snapshot.mutable_totals()->set_deleted(12345678901);
  return snapshot;
}

TEST_F(StateFolderTest, IsPrivateAlsoWhereItWasNot) {
  const std::string path = base_ + "/deep/state/registry-manager";
  fs::create_directories(path);
  fs::permissions(path, fs::perms::all);
  Open();
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(StateFolderTest, FallsBackToHome) {
  unsetenv("XDG_STATE_HOME");
  setenv("HOME", base_.c_str(), 1);
  EXPECT_EQ(Open().redis(), base_ + "/.local/state/registry-manager/redis");
}

TEST_F(StateFolderTest, SaysWhatToSetWhereThereIsNoHome) {
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  const absl::StatusOr<StateFolder> folder = StateFolder::Open();
  ASSERT_FALSE(folder.ok());
  EXPECT_NE(folder.status().message().find("XDG_STATE_HOME"),
            std::string::npos);
}

TEST_F(StateFolderTest, GivesASnapshotBack) {
  const StateFolder folder = Open();
  const std::string id = folder.NewRunId();
  EXPECT_EQ(id.size(), 4u);
  ASSERT_TRUE(folder.MakeRun(id).ok());
  ASSERT_TRUE(folder.WriteSnapshot(Snapshot(id, 5)).ok());
  const absl::StatusOr<proto::RunSnapshot> read = folder.ReadSnapshot(id);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), Snapshot(id, 5).SerializeAsString());
}

TEST_F(StateFolderTest, ListsTheLatestRunFirstAndSkipsWhatCannotBeRead) {
  const StateFolder folder = Open();
  for (const auto& [id, updated] :
       {std::pair("AAAA", 1), {"BBBB", 3}, {"CCCC", 2}, {"DDDD", 4}}) {
    ASSERT_TRUE(folder.MakeRun(id).ok());
    ASSERT_TRUE(folder.WriteSnapshot(Snapshot(id, updated)).ok());
  }
  ASSERT_TRUE(folder.MakeRun("EEEE").ok());
  std::ofstream(folder.run("DDDD") + "/snapshot.json") << "{";
  std::string order;
  for (const auto& snapshot : folder.ReadSnapshots()) order += snapshot.run();
  EXPECT_EQ(order, "BBBBCCCCAAAA");
}

TEST_F(StateFolderTest, KnowsNoRunOutsideOfItself) {
  const StateFolder folder = Open();
  for (const char* id : {"", "..", "ZZZZ", "../x", "AB/D"}) {
    EXPECT_TRUE(absl::IsNotFound(folder.ReadSnapshot(id).status())) << id;
  }
}

TEST_F(StateFolderTest, SocketsLieInAPrivateFolderThatGoesAway) {
  setenv("XDG_RUNTIME_DIR", base_.c_str(), 1);
  std::string path;
  {
    const absl::StatusOr<TemporaryFolder> sockets = MakeRunSockets();
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    path = sockets->path();
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(StateFolderTest, GivesTheFolderItsModeBack) {
  const StateFolder folder = Open();
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  Open();
  struct stat info;
  ASSERT_EQ(stat(folder.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(StateFolderTest, KnowsWhichRunIsCarriedOut) {
  const StateFolder folder = Open();
  {
    const absl::StatusOr<ProcessLock> lock = folder.MakeRun("AAAA");
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_TRUE(folder.IsCarriedOut("AAAA"));
  }
  EXPECT_FALSE(folder.IsCarriedOut("AAAA"));
  EXPECT_FALSE(folder.IsCarriedOut("BBBB"));
}

}  // namespace
}  // namespace registry_manager
