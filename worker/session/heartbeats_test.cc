// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/heartbeats.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

constexpr absl::Duration At(int seconds) { return absl::Seconds(seconds); }

TEST(HeartbeatsTest, HelloIsHeartbeatZero) {
  Heartbeats heartbeats;
  heartbeats.NoteHello(At(3));
  heartbeats.NoteWelcome();
  EXPECT_EQ(heartbeats.answered_at(), At(3));
  EXPECT_EQ(heartbeats.SentAt(0), At(3));
}

TEST(HeartbeatsTest, LateWelcomeAnswersTheOldestHello) {
  Heartbeats heartbeats;
  heartbeats.NoteHello(At(1));
  heartbeats.NoteHello(At(2));
  heartbeats.NoteWelcome();
  EXPECT_EQ(heartbeats.answered_at(), At(1));
  heartbeats.NoteWelcome();
  EXPECT_EQ(heartbeats.answered_at(), At(2));
}

TEST(HeartbeatsTest, AnswerCountsFromWhenTheHeartbeatWasSent) {
  Heartbeats heartbeats;
  heartbeats.NoteHello(At(0));
  heartbeats.NoteWelcome();
  heartbeats.NoteSent(At(5));
  heartbeats.NoteSent(At(10));
  EXPECT_EQ(heartbeats.UnansweredSince(), At(5));

  EXPECT_EQ(heartbeats.NoteAnswered(1), At(5));

  EXPECT_EQ(heartbeats.answered_at(), At(5));
  EXPECT_EQ(heartbeats.UnansweredSince(), At(10));
  EXPECT_EQ(heartbeats.SentAt(1), At(5));
  EXPECT_EQ(heartbeats.SentAt(2), At(10));
  // Nobody may count from a time that is not known.
  EXPECT_FALSE(heartbeats.SentAt(0).has_value());
  EXPECT_FALSE(heartbeats.SentAt(3).has_value());
}

TEST(HeartbeatsTest, AnswersThatCannotBeAreIgnored) {
  Heartbeats heartbeats;
  heartbeats.NoteSent(At(5));
  heartbeats.NoteSent(At(10));
  EXPECT_EQ(heartbeats.NoteAnswered(2), At(10));
  EXPECT_FALSE(heartbeats.NoteAnswered(1).has_value());
  EXPECT_FALSE(heartbeats.NoteAnswered(2).has_value());
  EXPECT_FALSE(heartbeats.NoteAnswered(3).has_value());
  EXPECT_EQ(heartbeats.answered_at(), At(10));
}

TEST(HeartbeatsTest, WelcomeOfALaterHelloRenewsNothing) {
  Heartbeats heartbeats;
  heartbeats.NoteHello(At(0));
  heartbeats.NoteWelcome();
  heartbeats.NoteSent(At(5));
  heartbeats.NoteAnswered(1);
  heartbeats.NoteWelcome();
  EXPECT_EQ(heartbeats.answered_at(), At(5));
}

}  // namespace
}  // namespace registry_manager
