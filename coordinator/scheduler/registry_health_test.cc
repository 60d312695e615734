// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/registry_health.h"

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

class RegistryHealthTest : public testing::Test {
 protected:
  // Fails each probe at once when it is due, until patience ends; returns when.
  absl::Time FailUntilGivenUp(absl::Time first) {
    absl::Time now = first;
    while (!health_.Unreachable(now, jitter_)) {
      EXPECT_FALSE(health_.MayTry(now));
      EXPECT_GT(health_.next_try(), now);
      now = health_.next_try();
      EXPECT_TRUE(health_.MayTry(now));
    }
    return now;
  }

  Jitter jitter_{1};
  RegistryHealth health_{absl::Minutes(10), absl::Seconds(20)};
};

TEST_F(RegistryHealthTest, AnsweringRegistriesMayBeTriedByAnyNumberOfTasks) {
  health_.Began(1);
  health_.Began(2);
  EXPECT_TRUE(health_.MayTry(At(0)));
}

TEST_F(RegistryHealthTest, OneProbeAtATimeAfterAWait) {
  EXPECT_FALSE(health_.Unreachable(At(0), jitter_));
  EXPECT_FALSE(health_.MayTry(At(0.4)));
  EXPECT_TRUE(health_.MayTry(At(1)));
  health_.Began(7);
  EXPECT_FALSE(health_.MayTry(At(1)));
  health_.Finished(6);
  EXPECT_FALSE(health_.MayTry(At(1)));
  health_.Finished(7);
  EXPECT_TRUE(health_.MayTry(At(1)));
}

TEST_F(RegistryHealthTest, TasksThatFailTogetherAreOneFailure) {
  health_.Unreachable(At(0), jitter_);
  const absl::Time next = health_.next_try();
  for (int i = 0; i < 50; ++i) health_.Unreachable(At(0.1), jitter_);
  EXPECT_EQ(health_.next_try(), next);
}

TEST_F(RegistryHealthTest, GivenUpWithTheProbeThatIsDueWhenPatienceEnds) {
  EXPECT_EQ(FailUntilGivenUp(At(5)), At(25));
}

TEST_F(RegistryHealthTest, OneThatHasAnsweredBeforeHasMorePatience) {
  health_.Answered();
  EXPECT_EQ(FailUntilGivenUp(At(5)), At(605));
  EXPECT_EQ(health_.Silence(At(605)), absl::Minutes(10));
}

TEST_F(RegistryHealthTest, AnAnswerForgivesEverything) {
  health_.Unreachable(At(0), jitter_);
  health_.Unreachable(At(5), jitter_);
  health_.Answered();
  EXPECT_TRUE(health_.MayTry(At(5)));
  EXPECT_EQ(health_.Silence(At(9)), absl::ZeroDuration());
  EXPECT_EQ(FailUntilGivenUp(At(1000)), At(1600));
}

TEST_F(RegistryHealthTest, TimeInWhichNothingWasTriedGivesNothingUp) {
  EXPECT_FALSE(health_.Unreachable(At(0), jitter_));
  EXPECT_FALSE(health_.Unreachable(At(7200), jitter_));
  EXPECT_TRUE(health_.Unreachable(At(7300), jitter_));
}

}  // namespace
}  // namespace registry_manager
