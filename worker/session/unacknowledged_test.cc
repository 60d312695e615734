// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/unacknowledged.h"

#include <gtest/gtest.h>

#include <vector>

namespace registry_manager {
namespace {

constexpr absl::Duration At(int seconds) { return absl::Seconds(seconds); }

class UnacknowledgedTest : public testing::Test {
 protected:
  void Add() {
    proto::Envelope envelope;
    envelope.mutable_result()->set_number(queue_.NextNumber());
    queue_.Add(envelope);
  }
  // The numbers that go at `now`, if no more than `room` do.
  std::vector<uint64_t> Sent(absl::Duration now, size_t room = 100) {
    std::vector<uint64_t> numbers;
    queue_.SendDue(now, [&](const proto::Envelope& envelope) {
      if (numbers.size() == room) return false;
      numbers.push_back(envelope.result().number());
      return true;
    });
    return numbers;
  }

  Unacknowledged queue_{absl::Seconds(2)};
};

using Numbers = std::vector<uint64_t>;

TEST_F(UnacknowledgedTest, SendsInOrderAndAgainUntilAcknowledged) {
  Add();
  Add();
  EXPECT_EQ(Sent(At(0)), (Numbers{1, 2}));
  EXPECT_EQ(Sent(At(1)), Numbers{});
  EXPECT_EQ(queue_.NextDue(), At(2));
  EXPECT_TRUE(queue_.Acknowledge(1));
  EXPECT_FALSE(queue_.Acknowledge(1));
  EXPECT_EQ(Sent(At(2)), Numbers{2});
  EXPECT_TRUE(queue_.Acknowledge(2));
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.bytes(), 0u);
  EXPECT_EQ(queue_.NextDue(), absl::InfiniteDuration());
}

TEST_F(UnacknowledgedTest, WhatDidNotGoStaysDue) {
  Add();
  Add();
  Add();
  EXPECT_EQ(Sent(At(0), 1), Numbers{1});
  EXPECT_EQ(queue_.NextDue(), -absl::InfiniteDuration());
  EXPECT_EQ(Sent(At(0)), (Numbers{2, 3}));
}

TEST_F(UnacknowledgedTest, AllGoAgainOverANewConnection) {
  Add();
  Add();
  Sent(At(0));
  queue_.SendAllAgain();
  EXPECT_EQ(Sent(At(0)), (Numbers{1, 2}));
}

}  // namespace
}  // namespace registry_manager
