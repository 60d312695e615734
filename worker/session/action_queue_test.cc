// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/action_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "worker/grants/fake_clock.h"

namespace registry_manager {
namespace {

class ActionQueueTest : public testing::Test {
 protected:
  std::shared_ptr<Assignment> NewAssignment() {
    proto::Task task;
    task.mutable_lease()->mutable_id()->set_index(3);
    task.mutable_lease()->set_attempt(2);
    return std::make_shared<Assignment>(task, &clock_);
  }

  FakeClock clock_;
  std::atomic<int> filled_ = 0;
  ActionQueue queue_{[this] { ++filled_; }};
};

TEST_F(ActionQueueTest, SplitsWhatIsTooMuchForAMessage) {
  queue_.Push(NewAssignment(), std::vector<proto::Action>(2500));
  EXPECT_EQ(filled_, 3);
  std::vector<int> sizes;
  EXPECT_TRUE(
      queue_.SendAll([&](const Assignment&, const proto::Envelope& message) {
        EXPECT_EQ(message.progress().id().index(), 3u);
        EXPECT_EQ(message.progress().attempt(), 2u);
        sizes.push_back(message.progress().actions_size());
        return true;
      }));
  EXPECT_EQ(sizes, (std::vector<int>{1000, 1000, 500}));
}

TEST_F(ActionQueueTest, SlotWaitsForRoomAndNotAfterItsCancellation) {
  const auto assignment = NewAssignment();
  std::thread slot(
      [&] { queue_.Push(assignment, std::vector<proto::Action>(100'000)); });
  while (filled_ < 64) std::this_thread::yield();
  assignment->cancellation().Cancel(absl::CancelledError("enough"));
  slot.join();
  int messages = 0;
  queue_.SendAll([&](const Assignment&, const proto::Envelope&) {
    ++messages;
    return true;
  });
  EXPECT_EQ(messages, 64);
}

TEST_F(ActionQueueTest, RoomLetsTheSlotGoOn) {
  const auto assignment = NewAssignment();
  std::atomic<bool> done = false;
  std::thread slot([&] {
    queue_.Push(assignment, std::vector<proto::Action>(100'000));
    done = true;
  });
  int actions = 0;
  while (!done || actions < 100'000) {
    queue_.SendAll([&](const Assignment&, const proto::Envelope& message) {
      actions += message.progress().actions_size();
      return true;
    });
    std::this_thread::yield();
  }
  slot.join();
  EXPECT_EQ(actions, 100'000);
}

}  // namespace
}  // namespace registry_manager
