// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// A deletion is dispatched with the intent that an earlier one left, which is
// read on the journal's thread.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "coordinator/server/server_fixture_for_test.h"

namespace registry_manager {
namespace {

using IntentsTest = ServerTest;

constexpr std::chrono::seconds kPatience(10);

TEST_F(IntentsTest, ADeletionGetsTheIntentThatAnEarlierOneLeft) {
  proto::Intent intent;
  intent.add_removals()->set_tag("half-done");
  ASSERT_TRUE(journal_.WriteIntent(kA, "x", &intent).ok());
  Names removals;
  worker_.carry_out = [&](const proto::Task& task) {
    const proto::DeleteRepository& deletion = task.delete_repository();
    removals.push_back(
        deletion.has_intent() ? deletion.intent().removals(0).tag() : "none");
    return Done();
  };
  ASSERT_TRUE(Carry({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})}).ok());
  EXPECT_EQ(removals, Names({"half-done", "none"}));
}

TEST_F(IntentsTest, HeartbeatsAreAnsweredWhileAnIntentIsRead) {
  std::promise<void> answered;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (message.has_heartbeat_ack()) answered.set_value();
  };
  bool is_answered = false;
  journal_.on_read_intent = [&] {
    proto::Envelope heartbeat;
    heartbeat.mutable_heartbeat()->set_number(1);
    worker_.Say(std::move(heartbeat));
    is_answered =
        answered.get_future().wait_for(kPatience) == std::future_status::ready;
  };
  worker_.carry_out = [](const proto::Task&) { return Done(); };
  ASSERT_TRUE(Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})}).ok());
  EXPECT_TRUE(is_answered);
}

// Until the first deletion has harmed others, the intent of the second one is
// being read.
TEST_F(IntentsTest, NothingIsSentIfDeletingWasStoppedMeanwhile) {
  std::promise<void> harmed;
  std::atomic<int> reads = 0;
  journal_.on_read_intent = [&] {
    if (++reads == 2) harmed.get_future().wait_for(kPatience);
  };
  listener_.on_ended = [&] {
    if (listener_.ended.size() == 1) harmed.set_value();
  };
  Names sent;
  worker_.carry_out = [&](const proto::Task& task) {
    sent.push_back(task.delete_repository().entry().repository());
    proto::TaskResult result = Failed("it was taken along");
    result.mutable_problem()->set_kind(proto::Problem::REGISTRY_HARMS_OTHERS);
    result.mutable_problem()->set_registry(kA);
    return result;
  };
  ASSERT_TRUE(Carry({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})}).ok());
  EXPECT_EQ(sent, Names({"x"}));
  EXPECT_EQ(run_->Snapshot().streams(0).skipped(), 1u);
}

TEST_F(IntentsTest, AnIntentThatCannotBeReadIsReadAgainWhenTheJournalIsBack) {
  journal_.failing_intents = 1;
  worker_.carry_out = [](const proto::Task&) { return Done(); };
  ASSERT_TRUE(Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})}).ok());
  EXPECT_EQ(listener_.ended, Names({"x DONE"}));
}

}  // namespace
}  // namespace registry_manager
