// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/cancellation.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace registry_manager {
namespace {

TEST(CancellationTest, IsOkUntilCancelledAndKeepsTheFirstReason) {
  Cancellation cancellation;
  EXPECT_TRUE(cancellation.status().ok());
  cancellation.Cancel(absl::AbortedError("lease ended"));
  cancellation.Cancel(absl::CancelledError("shutting down"));
  EXPECT_EQ(cancellation.status(), absl::AbortedError("lease ended"));
}

TEST(CancellationTest, AnOkReasonStillCancels) {
  Cancellation cancellation;
  cancellation.Cancel(absl::OkStatus());
  EXPECT_TRUE(absl::IsCancelled(cancellation.status()));
}

TEST(CancellationTest, SleepsItsTimeWhereNothingHappens) {
  Cancellation cancellation;
  const absl::Time start = absl::Now();
  EXPECT_TRUE(cancellation.SleepFor(absl::Milliseconds(20)).ok());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(19));
  EXPECT_TRUE(cancellation.SleepFor(absl::ZeroDuration()).ok());
  EXPECT_TRUE(cancellation.SleepFor(-absl::Seconds(1)).ok());
}

TEST(CancellationTest, CancelWakesAnEndlessSleep) {
  Cancellation cancellation;
  auto sleeper = std::async(std::launch::async, [&] {
    return cancellation.SleepFor(absl::InfiniteDuration());
  });
  cancellation.Cancel(absl::AbortedError("stop"));
  EXPECT_EQ(sleeper.get(), absl::AbortedError("stop"));
  EXPECT_EQ(cancellation.SleepFor(absl::Hours(1)), absl::AbortedError("stop"));
}

TEST(CancellationTest, CallsEachSubscriberOnce) {
  Cancellation cancellation;
  int first = 0;
  int second = 0;
  cancellation.Subscribe([&] { ++first; });
  cancellation.Subscribe([&] { ++second; });
  EXPECT_EQ(first, 0);
  cancellation.Cancel(absl::AbortedError("stop"));
  cancellation.Cancel(absl::AbortedError("stop"));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST(CancellationTest, SubscribingLateCallsAtOnce) {
  Cancellation cancellation;
  cancellation.Cancel(absl::AbortedError("stop"));
  int calls = 0;
  const uint64_t ticket = cancellation.Subscribe([&] { ++calls; });
  EXPECT_EQ(calls, 1);
  cancellation.Unsubscribe(ticket);
}

TEST(CancellationTest, TheUnsubscribedAreNotCalled) {
  Cancellation cancellation;
  int calls = 0;
  const uint64_t ticket = cancellation.Subscribe([&] { ++calls; });
  cancellation.Unsubscribe(ticket);
  cancellation.Unsubscribe(ticket);
  cancellation.Cancel(absl::AbortedError("stop"));
  EXPECT_EQ(calls, 0);
}

TEST(CancellationTest, UnsubscribeWaitsForACallbackUnderWay) {
  Cancellation cancellation;
  std::promise<void> entered;
  std::promise<void> leave;
  bool finished = false;
  const uint64_t ticket = cancellation.Subscribe([&] {
    entered.set_value();
    leave.get_future().wait();
    finished = true;
  });
  std::thread canceller([&] { cancellation.Cancel(absl::AbortedError("s")); });
  entered.get_future().wait();
  std::thread helper([&] { leave.set_value(); });
  cancellation.Unsubscribe(ticket);
  EXPECT_TRUE(finished);
  helper.join();
  canceller.join();
}

TEST(CancellationTest, ACallbackMayUseTheCancellation) {
  Cancellation cancellation;
  uint64_t ticket = 0;
  absl::Status seen;
  ticket = cancellation.Subscribe([&] {
    seen = cancellation.status();
    cancellation.Unsubscribe(ticket);
  });
  cancellation.Cancel(absl::AbortedError("stop"));
  EXPECT_EQ(seen, absl::AbortedError("stop"));
}

}  // namespace
}  // namespace registry_manager
