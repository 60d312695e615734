// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/retry.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
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
  for (const char* value : {"", "soon", "-5", "-1.5", "12 apples", "Wed, 21"}) {
    EXPECT_EQ(ParseRetryAfter(value, At(7, 0, 0)), absl::ZeroDuration())
        << value;
  }
}

// hub-feedback#2459: Docker Hub names the moment in seconds since 1970.
TEST(RetryAfterTest, ANumberThatCountsFrom1970IsThatMomentMinusNow) {
  const absl::Time now = At(7, 0, 0);
  const int64_t then = absl::ToUnixSeconds(now) + 90;
  EXPECT_EQ(ParseRetryAfter(absl::StrCat(then), now), absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter(absl::StrCat(then, "000"), now), absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter(absl::StrCat(then, ".5"), now),
            absl::Milliseconds(90500));
  EXPECT_EQ(ParseRetryAfter(absl::StrCat(then - 150), now),
            absl::ZeroDuration());
}

TEST(RetryAfterTest, ReadsWhatTheStandardDoesNotHave) {
  const absl::Time now = At(7, 28, 0);
  EXPECT_EQ(ParseRetryAfter("1.5", now), absl::Milliseconds(1500));
  EXPECT_EQ(ParseRetryAfter("30s", now), absl::Seconds(30));
  EXPECT_EQ(ParseRetryAfter("1m30s", now), absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter("1500ms", now), absl::Milliseconds(1500));
  EXPECT_EQ(ParseRetryAfter("7, 7", now), absl::Seconds(7));
  EXPECT_EQ(ParseRetryAfter("2026-10-21T07:29:30Z", now), absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2026 09:29:30 +0200", now),
            absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter("inf", now), absl::Hours(24));
}

absl::Duration WaitOf(int status, const std::string& name,
                      const std::string& value) {
  HttpResponse response;
  response.status = status;
  response.headers.Add(name, value);
  return RetryAfterOf(response, At(7, 0, 0));
}

TEST(RetryAfterTest, AQuotasHeadersSayWhenItIsRenewed) {
  const std::string then = absl::StrCat(absl::ToUnixSeconds(At(7, 0, 0)) + 60);
  EXPECT_EQ(WaitOf(429, "X-RateLimit-Reset", then), absl::Minutes(1));
  EXPECT_EQ(WaitOf(429, "RateLimit-Reset", "60"), absl::Minutes(1));
  EXPECT_EQ(WaitOf(429, "retry-after-ms", "250"), absl::Milliseconds(250));
  EXPECT_EQ(WaitOf(503, "Retry-After", "60"), absl::Minutes(1));
  // They stand in every answer: only a refusal for the quota's sake counts.
  EXPECT_EQ(WaitOf(503, "X-RateLimit-Reset", then), absl::ZeroDuration());
  HttpResponse both;
  both.status = 429;
  both.headers.Add("Retry-After", "5");
  both.headers.Add("X-RateLimit-Reset", then);
  EXPECT_EQ(RetryAfterOf(both, At(7, 0, 0)), absl::Seconds(5));
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
