// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/exchange_clock.h"

#include <gtest/gtest.h>

#include <chrono>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace registry_manager {
namespace {

using std::chrono::seconds;

constexpr ExchangeClock::TimePoint kStart(seconds(1000));
constexpr ExchangeClock::TimePoint kNever = ExchangeClock::TimePoint::max();

HttpDeadlines TestDeadlines() {
  HttpDeadlines deadlines;
  deadlines.first_byte = absl::Seconds(20);
  deadlines.stall = absl::Seconds(5);
  return deadlines;
}

TEST(ExchangeClockTest, SilenceDoesNotCountBeforeTheConnectionStands) {
  ExchangeClock clock(TestDeadlines(), kStart);
  EXPECT_EQ(clock.Deadline(), kNever);
  EXPECT_TRUE(clock.Check(kStart + seconds(5000)).ok());
}

TEST(ExchangeClockTest, FirstByteAppliesUntilTheResponseBeginsThenStall) {
  ExchangeClock clock(TestDeadlines(), kStart);
  clock.RequestBegins(kStart + seconds(1));
  EXPECT_EQ(clock.Deadline(), kStart + seconds(21));
  EXPECT_TRUE(clock.Check(kStart + seconds(20)).ok());
  const absl::Status late = clock.Check(kStart + seconds(21));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late));
  EXPECT_EQ(late.message(), "no answer within 20s");

  clock.ResponseBegins(kStart + seconds(10));
  EXPECT_EQ(clock.Deadline(), kStart + seconds(15));
  EXPECT_EQ(clock.Check(kStart + seconds(15)).message(),
            "the transfer stood still for 5s");
}

TEST(ExchangeClockTest, EveryByteStartsTheClockAgain) {
  ExchangeClock clock(TestDeadlines(), kStart);
  clock.RequestBegins(kStart);
  clock.Active(kStart + seconds(12));
  EXPECT_EQ(clock.Deadline(), kStart + seconds(32));
}

TEST(ExchangeClockTest, StandsWhileEitherDirectionIsPaused) {
  ExchangeClock clock(TestDeadlines(), kStart);
  clock.RequestBegins(kStart);
  clock.Pause(Direction::kUpload);
  clock.Pause(Direction::kDownload);
  EXPECT_EQ(clock.Deadline(), kNever);
  clock.Resume(Direction::kUpload, kStart + seconds(100));
  EXPECT_TRUE(clock.Check(kStart + seconds(500)).ok());
  clock.Resume(Direction::kDownload, kStart + seconds(200));
  EXPECT_EQ(clock.Deadline(), kStart + seconds(220));
}

TEST(ExchangeClockTest, AnotherAttemptForgetsPauses) {
  ExchangeClock clock(TestDeadlines(), kStart);
  clock.RequestBegins(kStart);
  clock.Pause(Direction::kUpload);
  clock.RequestBegins(kStart + seconds(3));
  EXPECT_EQ(clock.Deadline(), kStart + seconds(23));
}

TEST(ExchangeClockTest, TheTotalCountsAlwaysAndFromTheStart) {
  HttpDeadlines deadlines = TestDeadlines();
  deadlines.total = absl::Seconds(30);
  ExchangeClock clock(deadlines, kStart);
  EXPECT_EQ(clock.Deadline(), kStart + seconds(30));
  clock.RequestBegins(kStart + seconds(29));
  clock.Pause(Direction::kUpload);
  EXPECT_EQ(clock.Deadline(), kStart + seconds(30));
  const absl::Status late = clock.Check(kStart + seconds(30));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late));
  EXPECT_EQ(late.message(), "not finished within 30s");
}

TEST(ExchangeClockTest, InfiniteDeadlinesAreNever) {
  HttpDeadlines deadlines;
  deadlines.first_byte = absl::InfiniteDuration();
  deadlines.stall = absl::InfiniteDuration();
  ExchangeClock clock(deadlines, kStart);
  clock.RequestBegins(kStart);
  EXPECT_EQ(clock.Deadline(), kNever);
  clock.ResponseBegins(kStart);
  EXPECT_EQ(clock.Deadline(), kNever);
}

}  // namespace
}  // namespace registry_manager
