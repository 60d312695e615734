// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/retry.h"

#include <gtest/gtest.h>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace registry_manager {
namespace {

absl::Time At(int hour, int minute, int second) {
  return absl::FromCivil(absl::CivilSecond(2026, 10, 21, hour, minute, second),
                         absl::UTCTimeZone());
}

TEST(RetryAfterTest, ReadsSeconds) {
  EXPECT_EQ(ParseRetryAfter("120", At(7, 0, 0)), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter(" 5 ", At(7, 0, 0)), absl::Seconds(5));
  EXPECT_EQ(ParseRetryAfter("0", At(7, 0, 0)), absl::ZeroDuration());
}

TEST(RetryAfterTest, ReadsEveryFormOfDate) {
  const absl::Time now = At(7, 28, 0);
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2026 07:29:30 GMT", now),
            absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter("Wednesday, 21-Oct-26 07:29:30 GMT", now),
            absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter("Wed Oct 21 07:29:30 2026", now),
            absl::Seconds(90));
}

TEST(RetryAfterTest, ADateThatHasPassedIsNoWait) {
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2026 07:00:00 GMT", At(8, 0, 0)),
            absl::ZeroDuration());
}

TEST(RetryAfterTest, IsADayAtMost) {
  EXPECT_EQ(ParseRetryAfter("86401", At(0, 0, 0)), absl::Hours(24));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999", At(0, 0, 0)),
            absl::Hours(24));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2099 07:29:30 GMT", At(0, 0, 0)),
            absl::Hours(24));
}

TEST(RetryAfterTest, WhatIsNeitherIsNoWait) {
  for (const char* value : {"", "soon", "-5", "1.5", "12 apples", "Wed, 21"}) {
    EXPECT_EQ(ParseRetryAfter(value, At(7, 0, 0)), absl::ZeroDuration())
        << value;
  }
}

TEST(BackOffTest, DoublesFromAFifthOfASecondToThirtyWithJitter) {
  for (int round = 0; round < 100; ++round) {
    EXPECT_GE(BackOff(0), absl::Milliseconds(20));
    EXPECT_LE(BackOff(0), absl::Milliseconds(200));
    EXPECT_LE(BackOff(3), absl::Milliseconds(1600));
    EXPECT_LE(BackOff(1000), absl::Seconds(30));
    EXPECT_GE(BackOff(1000), absl::Seconds(3));
  }
}

}  // namespace
}  // namespace registry_manager
