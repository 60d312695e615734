// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/grants/grant_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "worker/grants/fake_clock.h"
#include "worker/grants/grant_pool.h"

namespace registry_manager {
namespace {

// A thread that asks for something, and what came of it.
class Asker {
 public:
  explicit Asker(std::function<absl::Status(Cancellation*)> ask)
      : thread_([this, ask = std::move(ask)] {
          status_ = ask(&cancellation_);
          done_ = true;
        }) {}
  Asker(GrantGate* gate, int requests)
      : Asker([gate, requests](Cancellation* cancellation) {
          return gate->Acquire(requests, cancellation);
        }) {}
  ~Asker() {
    cancellation_.Cancel(absl::CancelledError("the test has ended"));
    thread_.join();
  }
  void Cancel() { cancellation_.Cancel(absl::CancelledError("stop")); }
  bool done() const { return done_; }
  // Waits.
  absl::Status Outcome() {
    while (!done_) std::this_thread::yield();
    return status_;
  }

 private:
  Cancellation cancellation_;
  absl::Status status_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

class GrantGateTest : public testing::Test {
 protected:
  void Apply(uint64_t version, int connections) {
    proto::Grant grant;
    grant.set_version(version);
    grant.set_connections(connections);
    gate_.Apply(grant);
  }
  void ApplyPermits(uint64_t version, int connections, uint64_t permits) {
    proto::Grant grant;
    grant.set_version(version);
    grant.set_connections(connections);
    grant.set_rate_limited(true);
    grant.set_permits(permits);
    gate_.Apply(grant);
  }
  absl::Status Acquire(int requests = 1) {
    return gate_.Acquire(requests, &cancellation_);
  }
  // An asker that has got as far as to wait.
  std::unique_ptr<Asker> NewWaiter(int requests = 1) {
    const uint32_t before = Wanted();
    auto asker = std::make_unique<Asker>(&gate_, requests);
    while (Wanted() != before + requests) std::this_thread::yield();
    return asker;
  }
  // All that could be told at some time.
  std::optional<proto::GrantRequest> Request() const {
    const absl::Duration due = gate_.NextDue();
    if (due == absl::InfiniteDuration()) return std::nullopt;
    return gate_.DueRequest(due);
  }
  uint32_t Wanted() const {
    const auto request = Request();
    return request ? request->wanted() : told_wanted_;
  }
  void Tell() {
    const auto request = Request();
    if (!request) return;
    told_wanted_ = request->wanted();
    gate_.NoteSent(*request);
  }

  FakeClock clock_;
  std::atomic<int> changes_ = 0;
  GrantGate gate_{"https://r.test", &clock_, [this] { ++changes_; }};
  Cancellation cancellation_;
  uint32_t told_wanted_ = 0;
};

TEST_F(GrantGateTest, WaitsForTheFirstGrantAndAsksForIt) {
  const auto asker = NewWaiter();
  EXPECT_FALSE(asker->done());
  EXPECT_EQ(gate_.NextDue(), clock_.Now() + absl::Milliseconds(2));
  const auto request = Request();
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->registry(), "https://r.test");
  EXPECT_EQ(request->version(), 0u);
  EXPECT_EQ(request->in_use(), 0u);
  EXPECT_EQ(request->wanted(), 1u);
  EXPECT_FALSE(gate_.DueRequest(clock_.Now()).has_value());

  Apply(1, 1);

  EXPECT_TRUE(asker->Outcome().ok());
}

TEST_F(GrantGateTest, AdmitsNoMoreThanGranted) {
  Apply(1, 2);
  EXPECT_TRUE(Acquire().ok());
  EXPECT_TRUE(Acquire().ok());
  const auto third = NewWaiter();
  EXPECT_FALSE(third->done());
  gate_.Release();
  EXPECT_TRUE(third->Outcome().ok());
}

TEST_F(GrantGateTest, TwoAreAcquiredTogetherAndNobodyOvertakes) {
  Apply(1, 2);
  EXPECT_TRUE(Acquire().ok());
  const auto pair = NewWaiter(2);
  const auto single = NewWaiter();
  EXPECT_FALSE(pair->done());
  EXPECT_FALSE(single->done());
  gate_.Release();
  EXPECT_TRUE(pair->Outcome().ok());
  EXPECT_FALSE(single->done());
  gate_.Release();
  EXPECT_TRUE(single->Outcome().ok());
}

TEST_F(GrantGateTest, TwoOfARegistryThatTakesOneFailWithAdvice) {
  const auto before = NewWaiter(2);
  gate_.SetMax(1);
  for (const absl::Status& status : {before->Outcome(), Acquire(2)}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_NE(status.message().find(
                  "max-connections of https://r.test is 1: raise it to 2"),
              absl::string_view::npos);
  }
}

TEST_F(GrantGateTest, WhoHoldsSomethingIsNotKeptWaitingWhereItParks) {
  Apply(1, 0);
  Asker asker([this](Cancellation* cancellation) {
    return gate_.AcquireUnlessParked(cancellation);
  });
  while (Wanted() == 0) std::this_thread::yield();
  EXPECT_FALSE(asker.done());
  gate_.Throttled(ThrottleReason::kTooManyRequests, absl::Hours(1));
  EXPECT_TRUE(absl::IsResourceExhausted(asker.Outcome()));
  EXPECT_TRUE(
      absl::IsResourceExhausted(gate_.AcquireUnlessParked(&cancellation_)));
  EXPECT_EQ(Wanted(), 0u);
  clock_.Advance(absl::Hours(1));
  Apply(2, 1);
  EXPECT_TRUE(gate_.AcquireUnlessParked(&cancellation_).ok());
}

TEST_F(GrantGateTest, AFurtherRequestOfAConnectionWaitsForTheRateAlone) {
  ApplyPermits(1, 1, 1);
  ASSERT_TRUE(Acquire().ok());
  const auto other = NewWaiter();
  Asker further([this](Cancellation* cancellation) {
    return gate_.AwaitRate(cancellation);
  });
  while (Request()->permits_wanted() != 3) std::this_thread::yield();
  EXPECT_EQ(Request()->wanted(), 2u);
  EXPECT_FALSE(further.done());
  // Nor where the grant shrinks.
  ApplyPermits(2, 0, 2);
  EXPECT_TRUE(further.Outcome().ok());
  EXPECT_FALSE(other->done());
  ApplyPermits(3, 1, 3);
  EXPECT_FALSE(other->done());
  gate_.Release();
  EXPECT_TRUE(other->Outcome().ok());
}

TEST_F(GrantGateTest, WithoutARateAFurtherRequestNeedsNothing) {
  Apply(1, 1);
  ASSERT_TRUE(Acquire().ok());
  EXPECT_TRUE(gate_.AwaitRate(&cancellation_).ok());
  gate_.Throttled(ThrottleReason::kTooManyRequests, absl::Hours(1));
  EXPECT_TRUE(absl::IsResourceExhausted(gate_.AwaitRate(&cancellation_)));
}

TEST_F(GrantGateTest, LowerGrantIsCompliedWithAsRequestsEnd) {
  Apply(1, 3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Acquire().ok());
  Tell();

  Apply(2, 1);
  EXPECT_FALSE(Request().has_value());
  gate_.Release();
  EXPECT_EQ(Request()->version(), 1u);
  gate_.Release();

  // Others wait for it: at once.
  EXPECT_LE(gate_.NextDue(), clock_.Now());
  EXPECT_EQ(Request()->version(), 2u);
  EXPECT_EQ(Request()->in_use(), 1u);
  const auto waiter = NewWaiter();
  EXPECT_FALSE(waiter->done());
}

TEST_F(GrantGateTest, OldGrantsAreVoid) {
  Apply(5, 1);
  Apply(4, 3);
  Apply(5, 3);
  ASSERT_TRUE(Acquire().ok());
  EXPECT_FALSE(NewWaiter()->done());
}

TEST_F(GrantGateTest, WhatChangesBackInTimeIsNotTold) {
  Apply(1, 1);
  Tell();
  ASSERT_TRUE(Acquire().ok());
  Tell();
  gate_.Release();
  EXPECT_EQ(gate_.NextDue(), clock_.Now() + absl::Milliseconds(20));
  ASSERT_TRUE(Acquire().ok());
  EXPECT_EQ(gate_.NextDue(), absl::InfiniteDuration());
}

TEST_F(GrantGateTest, MoreIsToldSoonAlsoWhereLessWasToBeTold) {
  Apply(1, 1);
  ASSERT_TRUE(Acquire().ok());
  Tell();
  gate_.Release();
  const int changes = changes_;
  ASSERT_TRUE(Acquire().ok());
  const auto waiter = NewWaiter();
  EXPECT_EQ(gate_.NextDue(), clock_.Now() + absl::Milliseconds(2));
  EXPECT_GT(changes_, changes);
}

TEST_F(GrantGateTest, PermitsAreCountedFromTheSessionsBegin) {
  ApplyPermits(1, 5, 2);
  ASSERT_TRUE(Acquire().ok());
  ASSERT_TRUE(Acquire().ok());
  gate_.Release();
  gate_.Release();
  const auto third = NewWaiter();
  EXPECT_FALSE(third->done());
  EXPECT_EQ(Request()->permits_wanted(), 3u);
  ApplyPermits(2, 5, 3);
  EXPECT_TRUE(third->Outcome().ok());
}

TEST_F(GrantGateTest, CancelledWaiterLeavesTheLine) {
  Apply(1, 1);
  ASSERT_TRUE(Acquire().ok());
  const auto first = NewWaiter(1);
  const auto second = NewWaiter(1);
  first->Cancel();
  EXPECT_TRUE(absl::IsCancelled(first->Outcome()));
  EXPECT_FALSE(second->done());
  gate_.Release();
  EXPECT_TRUE(second->Outcome().ok());
}

TEST_F(GrantGateTest, RetryAfterParksAtOnceAndIsReported) {
  Apply(1, 5);
  gate_.Throttled(ThrottleReason::kTooManyRequests, absl::Seconds(3));
  gate_.Throttled(ThrottleReason::kTooManyRequests, absl::Seconds(7));
  gate_.Throttled(ThrottleReason::kTimeout, absl::ZeroDuration());
  EXPECT_EQ(gate_.ParkedFor(), absl::Seconds(7));
  const auto reports = gate_.TakeThrottled();
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].kind(), proto::Throttled::TOO_MANY_REQUESTS);
  EXPECT_EQ(reports[0].retry_after_ms(), 7000u);
  EXPECT_EQ(reports[1].kind(), proto::Throttled::TIMEOUT);
  EXPECT_EQ(reports[1].retry_after_ms(), 0u);
  EXPECT_TRUE(gate_.TakeThrottled().empty());
  EXPECT_FALSE(NewWaiter()->done());
  clock_.Advance(absl::Seconds(7));
  EXPECT_EQ(gate_.ParkedFor(), absl::ZeroDuration());
  EXPECT_TRUE(Acquire().ok());
}

TEST_F(GrantGateTest, TellsThatTheRegistryFellSilentAndThatItAnswersAgain) {
  Apply(1, 5);
  gate_.NoteSent(*Request());
  gate_.Answered();
  EXPECT_EQ(gate_.NextDue(), absl::InfiniteDuration());
  gate_.NoAnswer();
  ASSERT_TRUE(Request().has_value());
  EXPECT_TRUE(Request()->silent());
  gate_.NoteSent(*Request());
  gate_.NoAnswer();
  EXPECT_EQ(gate_.NextDue(), absl::InfiniteDuration());
  gate_.Answered();
  ASSERT_TRUE(Request().has_value());
  EXPECT_FALSE(Request()->silent());
}

TEST_F(GrantGateTest, NewSessionBeginsWithoutGrants) {
  ApplyPermits(7, 3, 10);
  ASSERT_TRUE(Acquire().ok());
  gate_.BeginSession();
  // What is under way still is.
  EXPECT_EQ(Request()->in_use(), 1u);
  EXPECT_EQ(Request()->version(), 0u);
  const auto waiter = NewWaiter();
  EXPECT_FALSE(waiter->done());
  Apply(1, 2);
  EXPECT_TRUE(waiter->Outcome().ok());
}

TEST(GrantGateRealTimeTest, ParkedWaiterGoesOnWhenTheParkEnds) {
  BoottimeClock clock;
  GrantGate gate("r", &clock, [] {});
  proto::Grant grant;
  grant.set_version(1);
  grant.set_connections(1);
  grant.set_parked_ms(50);
  const absl::Duration begin = clock.Now();
  gate.Apply(grant);
  Cancellation cancellation;
  EXPECT_TRUE(gate.Acquire(1, &cancellation).ok());
  EXPECT_GE(clock.Now() - begin, absl::Milliseconds(50));
}

TEST(GrantPoolTest, TellsOfAllGates) {
  FakeClock clock;
  GrantPool pool(&clock, [] {});
  EXPECT_EQ(pool.Gate("a"), pool.Gate("a"));
  EXPECT_NE(pool.Gate("a"), pool.Gate("b"));
  for (const char* registry : {"a", "b"}) {
    proto::Grant grant;
    grant.set_version(1);
    grant.set_connections(2);
    pool.Gate(registry)->Apply(grant);
    pool.Gate(registry)->Throttled(ThrottleReason::kUnavailable,
                                   absl::ZeroDuration());
  }
  EXPECT_EQ(pool.NextDue(), clock.Now());
  EXPECT_EQ(pool.DueRequests(clock.Now()).size(), 2u);
  EXPECT_EQ(pool.TakeThrottled().size(), 2u);
}

// Under the thread sanitizer: everything at once.
TEST(GrantPoolTest, NeverMoreUnderWayThanGranted) {
  BoottimeClock clock;
  GrantPool pool(&clock, [] {});
  GrantGate* gate = pool.Gate("r");
  std::atomic<int> under_way = 0;
  std::atomic<int> finished = 0;
  std::atomic<bool> too_many = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Cancellation cancellation;
      const int requests = 1 + i % 2;
      for (int n = 0; n < 200; ++n) {
        if (!gate->Acquire(requests, &cancellation).ok()) too_many = true;
        if ((under_way += requests) > 4) too_many = true;
        under_way -= requests;
        for (int r = 0; r < requests; ++r) gate->Release();
      }
      ++finished;
    });
  }
  proto::Grant grant;
  for (uint64_t version = 1; finished < 8; ++version) {
    grant.set_version(version);
    grant.set_connections(2 + version % 3);
    gate->Apply(grant);
    for (const auto& request : pool.DueRequests(clock.Now())) {
      gate->NoteSent(request);
    }
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(too_many);
}

}  // namespace
}  // namespace registry_manager
