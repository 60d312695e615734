// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/write_locks.h"

#include <vector>

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using Tasks = std::vector<WriteLocks::Task>;

TEST(WriteLocksTest, OneWriterARepository) {
  WriteLocks locks;
  EXPECT_TRUE(locks.IsFree("r/a", ""));
  locks.Take("r/a", "");
  EXPECT_FALSE(locks.IsFree("r/a", ""));
  EXPECT_FALSE(locks.IsFree("r/a", "batches"));
  EXPECT_TRUE(locks.IsFree("r/b", ""));
  locks.Release("r/a");
  EXPECT_TRUE(locks.IsFree("r/a", ""));
}

TEST(WriteLocksTest, TasksOfOneGroupShare) {
  WriteLocks locks;
  locks.Take("r/a", "batches");
  EXPECT_TRUE(locks.IsFree("r/a", "batches"));
  EXPECT_FALSE(locks.IsFree("r/a", "others"));
  EXPECT_FALSE(locks.IsFree("r/a", ""));
  locks.Take("r/a", "batches");
  locks.Release("r/a");
  EXPECT_FALSE(locks.IsFree("r/a", ""));
  locks.Release("r/a");
  EXPECT_TRUE(locks.IsFree("r/a", ""));
}

TEST(WriteLocksTest, WakesTheFirstOfEachLineWhenFree) {
  WriteLocks locks;
  locks.Take("r/a", "");
  locks.Wait("r/a", "", 1, 12);
  locks.Wait("r/a", "", 1, 11);
  locks.Wait("r/a", "", 2, 21);
  EXPECT_EQ(locks.Wake("r/a"), Tasks());
  EXPECT_EQ(locks.Release("r/a"), (Tasks{11, 21}));
  EXPECT_EQ(locks.Wake("r/a"), (Tasks{12}));
  EXPECT_EQ(locks.Wake("r/a"), Tasks());
}

TEST(WriteLocksTest, WhoTakesItBringsItsGroupAlong) {
  WriteLocks locks;
  locks.Take("r/a", "");
  locks.Wait("r/a", "batches", 1, 1);
  locks.Wait("r/a", "batches", 1, 2);
  locks.Wait("r/a", "batches", 3, 3);
  locks.Wait("r/a", "", 1, 4);
  EXPECT_EQ(locks.Release("r/a"), (Tasks{4, 1, 3}));
  EXPECT_EQ(locks.Take("r/a", "batches"), (Tasks{2}));
}

TEST(WriteLocksTest, WhoStopsWaitingIsNotWoken) {
  WriteLocks locks;
  locks.Take("r/a", "");
  locks.Wait("r/a", "", 1, 1);
  locks.Wait("r/a", "", 1, 2);
  locks.StopWaiting("r/a", "", 1, 1);
  locks.StopWaiting("r/a", "", 1, 99);
  locks.StopWaiting("r/zzz", "", 1, 1);
  EXPECT_EQ(locks.Release("r/a"), (Tasks{2}));
}

}  // namespace
}  // namespace registry_manager
