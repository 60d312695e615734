// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// A deletion is dispatched with the intent that an earlier one left.

#include <gtest/gtest.h>

#include "coordinator/server/server_fixture_for_test.h"

namespace registry_manager {
namespace {

using IntentsTest = ServerTest;

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

TEST_F(IntentsTest, AnIntentThatCannotBeReadIsReadAgainWhenTheJournalIsBack) {
  journal_.failing_intents = 1;
  worker_.carry_out = [](const proto::Task&) { return Done(); };
  ASSERT_TRUE(Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})}).ok());
  EXPECT_EQ(listener_.ended, Names({"x DONE"}));
}

}  // namespace
}  // namespace registry_manager
