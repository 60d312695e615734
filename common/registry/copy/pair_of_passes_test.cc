// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/pair_of_passes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "absl/time/time.h"
#include "common/registry/testing/client_fixture.h"

namespace registry_manager {
namespace {

// In each case one pass of either gate, and the registry that is waited for
// last at its limit.
class PairOfPassesTest : public testing::Test {
 protected:
  PairOfPassesTest() {
    EXPECT_TRUE(last_.gate().Acquire(1, &cancellation_).ok());
  }
  // Holds the first pass, and waits for the last.
  std::future<absl::Status> Start() {
    auto pair = std::async(std::launch::async, [this] {
      return PairOfPasses::Acquire(last_.connection(), first_.connection(),
                                   &cancellation_)
          .status();
    });
    while (first_.gate().in_use() == 0) std::this_thread::yield();
    return pair;
  }
  void ExpectFirstIsFree() {
    Cancellation patience;
    auto acquired = std::async(std::launch::async, [&] {
      return first_.gate().Acquire(1, &patience);
    });
    if (acquired.wait_for(std::chrono::seconds(10)) !=
        std::future_status::ready) {
      patience.Cancel(absl::DeadlineExceededError("the pass is held"));
    }
    const absl::Status status = acquired.get();
    EXPECT_TRUE(status.ok()) << status;
    if (status.ok()) first_.gate().Release();
  }

  Cancellation cancellation_;
  ClientFixture first_{"http://a.invalid", {}, /*limit=*/1};
  ClientFixture last_{"http://b.invalid", {}, /*limit=*/1};
};

TEST_F(PairOfPassesTest, NothingIsHeldWhileTheOtherRegistryAsksForPatience) {
  std::future<absl::Status> pair = Start();
  last_.gate().Park(absl::Hours(1));
  ExpectFirstIsFree();
  cancellation_.Cancel(absl::CancelledError("over"));
  EXPECT_TRUE(absl::IsCancelled(pair.get()));
  EXPECT_EQ(first_.gate().in_use(), 0);
  EXPECT_EQ(last_.gate().in_use(), 1);
}

TEST_F(PairOfPassesTest, AfterThatBothAreAcquired) {
  std::future<absl::Status> pair = Start();
  last_.gate().Park(absl::Milliseconds(100));
  last_.gate().Release();
  EXPECT_TRUE(pair.get().ok());
  EXPECT_EQ(first_.gate().in_use(), 0);
  EXPECT_EQ(last_.gate().in_use(), 0);
}

TEST_F(PairOfPassesTest, CancellingEndsTheWait) {
  std::future<absl::Status> pair = Start();
  cancellation_.Cancel(absl::CancelledError("over"));
  EXPECT_TRUE(absl::IsCancelled(pair.get()));
  EXPECT_EQ(first_.gate().in_use(), 0);
}

}  // namespace
}  // namespace registry_manager
