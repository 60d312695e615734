// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/stored_runs.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "proto/control.pb.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;
using Snapshot = proto::RunSnapshot;

class StoredRunsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string base = testing::TempDir() + "/stored-XXXXXX";
    ASSERT_NE(mkdtemp(base.data()), nullptr);
    setenv("XDG_STATE_HOME", base.c_str(), 1);
    absl::StatusOr<StateFolder> folder = StateFolder::Open();
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_.emplace(*std::move(folder));
  }

  void Add(const std::string& id, Snapshot::State state, int64_t updated,
           const std::string& retry_of = "") {
    ASSERT_TRUE(folder_->MakeRun(id).ok());
    Snapshot snapshot;
    snapshot.set_run(id);
    snapshot.set_state(state);
    snapshot.set_updated_unix(updated);
    snapshot.set_retry_of(retry_of);
    ASSERT_TRUE(folder_->WriteSnapshot(snapshot).ok());
  }

  std::vector<StoredRun> Find(const std::set<std::string>& in_use = {}) {
    return FindStoredRuns(*folder_, in_use);
  }
  std::string Held(const std::string& id,
                   const std::set<std::string>& in_use = {}) {
    for (const StoredRun& run : Find(in_use)) {
      if (run.id == id) return run.held;
    }
    return "there is no such run";
  }
  bool IsThere(const std::string& id) { return fs::exists(folder_->run(id)); }

  std::optional<StateFolder> folder_;
};

TEST_F(StoredRunsTest, AreFoundTheLatestFirstWithTheirSizes) {
  Add("AAAA", Snapshot::FINISHED, 5);
  Add("CCCC", Snapshot::ABANDONED, 9);
  Add("BBBB", Snapshot::FINISHED, 7);
  std::ofstream(folder_->outcomes("BBBB")) << std::string(10'000, 'x');
  const std::vector<StoredRun> runs = Find();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].id, "CCCC");
  EXPECT_EQ(runs[0].state, "abandoned");
  EXPECT_EQ(runs[1].id, "BBBB");
  EXPECT_GT(runs[1].bytes, 10'000u);
  EXPECT_EQ(runs[2].updated_unix, 5);
  for (const StoredRun& run : runs) EXPECT_EQ(run.held, "") << run.id;
}

TEST_F(StoredRunsTest, WhatIsNotKnownToBeFinishedIsHeld) {
  Add("AAAA", Snapshot::INTERRUPTED, 5);
  Add("BBBB", Snapshot::INCOMPLETE, 5);
  // Its coordinator was killed.
  Add("CCCC", Snapshot::RUNNING, 5);
  Add("DDDD", Snapshot::FINISHED, 5);
  std::ofstream(folder_->run("DDDD") + "/snapshot.json") << "{";
  for (const char* id : {"AAAA", "BBBB", "CCCC", "DDDD"}) {
    EXPECT_NE(Held(id), "") << id;
    const absl::StatusOr<bool> removed = RemoveRun(*folder_, id);
    ASSERT_TRUE(removed.ok()) << removed.status();
    EXPECT_FALSE(*removed) << id;
    EXPECT_TRUE(IsThere(id));
  }
}

TEST_F(StoredRunsTest, WhatAProcessUsesIsHeld) {
  Add("AAAA", Snapshot::FINISHED, 5);
  {
    const absl::StatusOr<ProcessLock> hold = folder_->HoldRun("AAAA");
    ASSERT_TRUE(hold.ok());
    EXPECT_NE(Held("AAAA"), "");
    EXPECT_FALSE(RemoveRun(*folder_, "AAAA").value_or(true));
    EXPECT_TRUE(IsThere("AAAA"));
  }
  EXPECT_EQ(Held("AAAA"), "");
  EXPECT_TRUE(RemoveRun(*folder_, "AAAA").value_or(false));
  EXPECT_FALSE(IsThere("AAAA"));
}

TEST_F(StoredRunsTest, WhatTheJournalNamesIsHeld) {
  Add("AAAA", Snapshot::FINISHED, 5);
  EXPECT_NE(Held("AAAA", {"AAAA"}), "");
  EXPECT_EQ(Held("AAAA", {"BBBB"}), "");
}

TEST_F(StoredRunsTest, WhatAnUnfinishedRetryNeedsIsHeld) {
  Add("AAAA", Snapshot::FINISHED, 5);
  Add("BBBB", Snapshot::INTERRUPTED, 6, "AAAA");
  EXPECT_NE(Held("AAAA"), "");
  Add("BBBB", Snapshot::FINISHED, 6, "AAAA");
  EXPECT_EQ(Held("AAAA"), "");
}

TEST_F(StoredRunsTest, AnEmptyFolderGoesOnceItIsOld) {
  ASSERT_TRUE(folder_->MakeRun("AAAA").ok());
  EXPECT_NE(Held("AAAA"), "");
  fs::last_write_time(folder_->run("AAAA"), fs::file_time_type::clock::now() -
                                                std::chrono::hours(25));
  EXPECT_EQ(Held("AAAA"), "");
  EXPECT_TRUE(RemoveRun(*folder_, "AAAA").value_or(false));
}

TEST_F(StoredRunsTest, RemovingLeavesNothing) {
  Add("AAAA", Snapshot::FINISHED, 5);
  std::ofstream(folder_->outcomes("AAAA")) << "{}\n";
  ASSERT_TRUE(RemoveRun(*folder_, "AAAA").value_or(false));
  EXPECT_TRUE(fs::is_empty(folder_->runs()));
  EXPECT_FALSE(RemoveRun(*folder_, "AAAA").value_or(true));
  EXPECT_TRUE(fs::is_empty(folder_->runs()));
}

TEST_F(StoredRunsTest, WhatWasCutShortIsSweptAndNeverARun) {
  fs::create_directory(folder_->runs() + "/.forgotten-AAAA-17");
  std::ofstream(folder_->runs() + "/.forgotten-AAAA-17/snapshot.json") << "{}";
  Add("BBBB", Snapshot::INTERRUPTED, 5);
  EXPECT_EQ(Find().size(), 1u);
  SweepForgotten(*folder_);
  EXPECT_FALSE(fs::exists(folder_->runs() + "/.forgotten-AAAA-17"));
  EXPECT_TRUE(IsThere("BBBB"));
}

TEST_F(StoredRunsTest, NothingBehindALinkIsTouched) {
  const std::string other = folder_->path() + "/other";
  fs::create_directory(other);
  std::ofstream(other + "/precious") << std::string(1000, 'x');
  Add("AAAA", Snapshot::FINISHED, 5);
  fs::create_directory_symlink(other, folder_->run("AAAA") + "/link");
  EXPECT_LT(Find().front().bytes, 1000u);
  ASSERT_TRUE(RemoveRun(*folder_, "AAAA").value_or(false));
  EXPECT_TRUE(fs::exists(other + "/precious"));
}

}  // namespace
}  // namespace registry_manager
