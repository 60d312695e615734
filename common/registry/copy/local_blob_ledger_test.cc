// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/local_blob_ledger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

const Digest kBlob = Digest::Of("blob");

class LocalBlobLedgerTest : public testing::Test {
 protected:
  absl::StatusOr<BlobLedger::Turn> Claim(const std::string& repository) {
    return ledger_.Claim(target_, repository, kBlob, cancellation_);
  }
  void Finish(const std::string& repository, bool present) {
    ledger_.Finish(target_, repository, kBlob, present);
  }

  const Address target_ = *Address::Parse("http://a:5000");
  LocalBlobLedger ledger_;
  Cancellation cancellation_;
};

TEST_F(LocalBlobLedgerTest, KnowsNothingAtFirst) {
  const auto turn = Claim("x");
  ASSERT_TRUE(turn.ok());
  EXPECT_FALSE(turn->present);
  EXPECT_FALSE(turn->mount_from);
}

TEST_F(LocalBlobLedgerTest, WhatWasPutIsPresentThereAndMountedElsewhere) {
  ASSERT_TRUE(Claim("x").ok());
  Finish("x", true);
  EXPECT_TRUE(Claim("x")->present);
  const auto turn = Claim("y");
  EXPECT_FALSE(turn->present);
  EXPECT_EQ(turn->mount_from, "x");
}

TEST_F(LocalBlobLedgerTest, AFailureLeavesNothingBehind) {
  ASSERT_TRUE(Claim("x").ok());
  Finish("x", false);
  const auto turn = Claim("x");
  EXPECT_FALSE(turn->present);
  EXPECT_FALSE(turn->mount_from);
}

TEST_F(LocalBlobLedgerTest, OtherTargetsAndBlobsAreOthers) {
  ASSERT_TRUE(Claim("x").ok());
  Finish("x", true);
  const Address other = *Address::Parse("http://b:5000");
  EXPECT_FALSE(ledger_.Claim(other, "x", kBlob, cancellation_)->present);
  EXPECT_FALSE(
      ledger_.Claim(target_, "x", Digest::Of("other"), cancellation_)->present);
}

TEST_F(LocalBlobLedgerTest, WhatIsForgottenIsAskedForAgain) {
  ASSERT_TRUE(Claim("x").ok());
  Finish("x", true);
  ledger_.Forget(target_, "x", kBlob);
  EXPECT_FALSE(Claim("x")->present);
}

TEST_F(LocalBlobLedgerTest, OneHandAtATime) {
  ASSERT_TRUE(Claim("x").ok());
  std::promise<void> begun;
  auto second = std::async(std::launch::async, [&] {
    begun.set_value();
    return Claim("y");
  });
  begun.get_future().wait();
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(50)),
            std::future_status::timeout);
  Finish("x", true);
  EXPECT_EQ(second.get()->mount_from, "x");
}

TEST_F(LocalBlobLedgerTest, AWaiterIsCancelled) {
  ASSERT_TRUE(Claim("x").ok());
  auto second = std::async(std::launch::async, [&] { return Claim("y"); });
  cancellation_.Cancel(absl::CancelledError("over"));
  EXPECT_TRUE(absl::IsCancelled(second.get().status()));
}

TEST_F(LocalBlobLedgerTest, ManyThreadsSendABlobOnceToEachRepository) {
  std::atomic<int> holders = 0;
  std::atomic<int> sent = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      const std::string repository = absl::StrCat("r", i % 4);
      const auto turn = Claim(repository);
      if (turn->present) return;
      EXPECT_EQ(++holders, 1);
      if (!turn->mount_from) ++sent;
      --holders;
      Finish(repository, true);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sent, 1);
}

TEST_F(LocalBlobLedgerTest, StaysBoundedAndKeepsClaims) {
  ASSERT_TRUE(Claim("claimed").ok());
  for (int i = 0; i < 310000; ++i) {
    const Digest digest = Digest::Of(absl::StrCat(i));
    ASSERT_TRUE(ledger_.Claim(target_, "x", digest, cancellation_).ok());
    ledger_.Finish(target_, "x", digest, true);
  }
  auto waiter = std::async(std::launch::async, [&] { return Claim("y"); });
  EXPECT_EQ(waiter.wait_for(std::chrono::milliseconds(20)),
            std::future_status::timeout);
  Finish("claimed", true);
  EXPECT_EQ(waiter.get()->mount_from, "claimed");
}

}  // namespace
}  // namespace registry_manager
