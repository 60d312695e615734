// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <string>

#include "absl/time/time.h"
#include "coordinator/scheduler/aimd_limit.h"
#include "coordinator/scheduler/deadlines.h"
#include "coordinator/scheduler/jitter.h"
#include "coordinator/scheduler/rate_shares.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

TEST(AimdLimitTest, HalvesOnceASecondAtMostAndNeverBelowOne) {
  AimdLimit limit(16);
  limit.Shrink(At(0));
  limit.Shrink(At(0.9));
  EXPECT_EQ(limit.current(), 8);
  limit.Shrink(At(1));
  EXPECT_EQ(limit.current(), 4);
  for (int i = 2; i < 10; ++i) limit.Shrink(At(i));
  EXPECT_EQ(limit.current(), 1);
}

TEST(AimdLimitTest, GrowsByOneEveryTenSecondsWithoutAnother) {
  AimdLimit limit(4);
  EXPECT_EQ(limit.NextGrowth(), absl::InfiniteFuture());
  limit.Shrink(At(0));
  limit.Shrink(At(0.5));  // halves nothing, but starts the ten seconds anew
  EXPECT_EQ(limit.NextGrowth(), At(10.5));
  limit.Grow(At(10.4));
  EXPECT_EQ(limit.current(), 2);
  limit.Grow(At(10.5));
  EXPECT_EQ(limit.current(), 3);
  limit.Grow(At(1000));
  EXPECT_EQ(limit.current(), 4);
  EXPECT_EQ(limit.NextGrowth(), absl::InfiniteFuture());
}

TEST(RateSharesTest, HandsOutTheBurstAndThenTheRate) {
  RateShares rate(2);  // holds one permit, a new one every half second
  rate.Want("a", 3);
  EXPECT_TRUE(rate.Distribute(At(0)));
  EXPECT_EQ(rate.Permits("a"), 1u);
  EXPECT_EQ(rate.NextPermit(), At(0.5));
  EXPECT_FALSE(rate.Distribute(At(0.4)));
  EXPECT_TRUE(rate.Distribute(At(0.5)));
  EXPECT_TRUE(rate.Distribute(At(1.0)));
  EXPECT_EQ(rate.Permits("a"), 3u);
  EXPECT_EQ(rate.NextPermit(), absl::InfiniteFuture());
}

TEST(RateSharesTest, TakesTurnsAmongThoseWhoWait) {
  RateShares rate(100);  // holds ten
  rate.Want("a", 100);
  rate.Want("b", 2);
  rate.Want("c", 100);
  rate.Distribute(At(0));
  EXPECT_EQ(rate.Permits("a"), 4u);
  EXPECT_EQ(rate.Permits("b"), 2u);
  EXPECT_EQ(rate.Permits("c"), 4u);
}

TEST(RateSharesTest, NeverYieldsMoreThanRateAndBurst) {
  RateShares rate(30);  // holds three
  rate.Want("a", 1000);
  for (int ms = 0; ms <= 1000; ms += 7) rate.Distribute(At(ms / 1000.0));
  EXPECT_GE(rate.Permits("a"), 32u);
  EXPECT_LE(rate.Permits("a"), 33u);
}

TEST(RateSharesTest, AFormerCounterAndAForgottenSessionTakeNothing) {
  RateShares rate(1);
  rate.Want("a", 1);
  rate.Distribute(At(0));
  rate.Want("a", 0);
  EXPECT_EQ(rate.NextPermit(), absl::InfiniteFuture());
  rate.Want("a", 2);
  rate.Forget("a");
  EXPECT_EQ(rate.NextPermit(), absl::InfiniteFuture());
  EXPECT_FALSE(rate.Distribute(At(10)));
}

TEST(RateSharesTest, IsDueExactlyWhenItSays) {
  RateShares rate(7);
  rate.Want("a", 1000);
  absl::Time now = At(0);
  rate.Distribute(now);
  for (int i = 0; i < 900; ++i) {
    const absl::Time next = rate.NextPermit();
    ASSERT_GT(next, now);
    now = next;
    ASSERT_TRUE(rate.Distribute(now));
  }
}

TEST(JitterTest, StaysWithinTheDoubledBaseAndTheCap) {
  Jitter jitter(7);
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(jitter.Full(1, absl::Seconds(1), absl::Minutes(5)),
              absl::Seconds(1));
    EXPECT_LE(jitter.Full(3, absl::Seconds(1), absl::Minutes(5)),
              absl::Seconds(4));
    const absl::Duration capped =
        jitter.UpperHalf(1000, absl::Seconds(1), absl::Minutes(1));
    EXPECT_GE(capped, absl::Seconds(30));
    EXPECT_LE(capped, absl::Seconds(60));
  }
}

TEST(JitterTest, TheSameSeedGivesTheSameWaits) {
  Jitter one(3);
  Jitter other(3);
  for (int i = 1; i < 20; ++i) {
    EXPECT_EQ(one.Full(i, absl::Seconds(1), absl::Hours(1)),
              other.Full(i, absl::Seconds(1), absl::Hours(1)));
  }
}

TEST(DeadlinesTest, PopsInOrderWhatIsDue) {
  Deadlines<std::string> deadlines;
  deadlines.Set("b", At(1));
  deadlines.Set("a", At(1));
  deadlines.Set("late", At(0));
  deadlines.Set("late", At(9));
  deadlines.Set("gone", At(0));
  deadlines.Clear("gone");
  EXPECT_EQ(deadlines.Next(), At(1));
  EXPECT_EQ(deadlines.PopDue(At(0.9)), std::nullopt);
  EXPECT_EQ(deadlines.PopDue(At(2)), "a");
  EXPECT_EQ(deadlines.PopDue(At(2)), "b");
  EXPECT_EQ(deadlines.PopDue(At(2)), std::nullopt);
  EXPECT_EQ(deadlines.PopDue(At(9)), "late");
  EXPECT_EQ(deadlines.Next(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace registry_manager
