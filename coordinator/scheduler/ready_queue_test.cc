// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/ready_queue.h"

#include <vector>

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using Turn = ReadyQueue::Turn;
using Group = ReadyQueue::Group;
using Task = ReadyQueue::Task;

// Serves until `slots` tasks have begun; returns them.
std::vector<Task> ServeSlots(ReadyQueue& queue, int slots,
                             bool urgent = false) {
  std::vector<Task> begun;
  queue.Serve(urgent, [&](Group group, Task task) {
    if (static_cast<int>(begun.size()) == slots) return Turn::kStop;
    queue.Remove(group, task, urgent);
    queue.Began(group);
    begun.push_back(task);
    return Turn::kBegan;
  });
  return begun;
}

Group AddTasks(ReadyQueue& queue, const char* run, int registry,
               const std::vector<Task>& tasks) {
  Group group = 0;
  for (const Task task : tasks) {
    group = queue.Join(run, {registry});
    queue.Add(group, task, /*urgent=*/false);
  }
  return group;
}

TEST(ReadyQueueTest, GroupsTakeTurnsAndTasksKeepTheirOrder) {
  ReadyQueue queue;
  AddTasks(queue, "run", 1, {3, 1, 2, 4});
  AddTasks(queue, "run", 2, {5, 6});
  AddTasks(queue, "other", 1, {7});
  EXPECT_EQ(ServeSlots(queue, 100), (std::vector<Task>{1, 5, 7, 2, 6, 3, 4}));
}

TEST(ReadyQueueTest, TheGroupWithTheFewestRunningTasksIsNext) {
  ReadyQueue queue;
  const Group slow = AddTasks(queue, "run", 1, {1, 2, 3, 4, 5, 6});
  const Group fast = AddTasks(queue, "run", 2, {11, 12, 13, 14});
  EXPECT_EQ(ServeSlots(queue, 4), (std::vector<Task>{1, 11, 2, 12}));
  queue.Ended(fast);
  queue.Ended(fast);
  EXPECT_EQ(ServeSlots(queue, 2), (std::vector<Task>{13, 14}));
  queue.Ended(slow);
  EXPECT_EQ(ServeSlots(queue, 1), (std::vector<Task>{3}));
}

TEST(ReadyQueueTest, ABlockedGroupDoesNotHoldUpOthers) {
  ReadyQueue queue;
  const Group blocked = AddTasks(queue, "run", 1, {1, 2});
  AddTasks(queue, "run", 2, {3});
  std::vector<Task> asked;
  const bool begun = queue.Serve(false, [&](Group group, Task task) {
    asked.push_back(task);
    if (group == blocked) return Turn::kBlocked;
    queue.Remove(group, task, false);
    queue.Began(group);
    return Turn::kBegan;
  });
  EXPECT_TRUE(begun);
  EXPECT_EQ(asked, (std::vector<Task>{1, 3}));
  EXPECT_EQ(queue.Waiting(blocked), 2u);
}

TEST(ReadyQueueTest, ATaskSetApartMakesWayForTheNextOfItsGroup) {
  ReadyQueue queue;
  AddTasks(queue, "run", 1, {1, 2});
  std::vector<Task> asked;
  EXPECT_FALSE(queue.Serve(false, [&](Group group, Task task) {
    asked.push_back(task);
    queue.Remove(group, task, false);
    return Turn::kSetApart;
  }));
  EXPECT_EQ(asked, (std::vector<Task>{1, 2}));
}

TEST(ReadyQueueTest, UrgentTasksAreServedApart) {
  ReadyQueue queue;
  const Group group = AddTasks(queue, "run", 1, {1});
  queue.Join("run", {1});
  queue.Add(group, 2, /*urgent=*/true);
  EXPECT_EQ(ServeSlots(queue, 9, /*urgent=*/true), (std::vector<Task>{2}));
  EXPECT_EQ(ServeSlots(queue, 9, /*urgent=*/false), (std::vector<Task>{1}));
}

TEST(ReadyQueueTest, AGroupIsForgottenWithItsLastMember) {
  ReadyQueue queue;
  const Group group = queue.Join("run", {1});
  EXPECT_EQ(queue.Join("run", {1}), group);
  queue.Part(group);
  EXPECT_EQ(queue.Registries(group), (std::vector<int>{1}));
  queue.Part(group);
  EXPECT_EQ(queue.Waiting(group), 0u);
  EXPECT_NE(queue.Join("run", {1}), group);
}

}  // namespace
}  // namespace registry_manager
