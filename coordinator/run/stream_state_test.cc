// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/stream_state.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

using Names = std::vector<std::string>;

WorkStream Catalogue(int start = 0) {
  WorkStream stream;
  stream.kind = WorkStream::Kind::kDelete;
  stream.registry = "https://a.example";
  stream.start = start;
  return stream;
}

proto::Shard ShardOf(const Names& names) {
  proto::Shard shard;
  for (const std::string& name : names) {
    shard.add_entries()->set_repository(name);
  }
  return shard;
}

TEST(StreamStateTest, TakesEachNameOnce) {
  StreamState state(Catalogue());
  EXPECT_EQ(state.TakeNewNames({"a", "b"}), Names({"a", "b"}));
  EXPECT_EQ(state.TakeNewNames({"b", "c"}), Names({"c"}));
}

TEST(StreamStateTest, KnowsFrozenNames) {
  StreamState state(Catalogue());
  state.AddRepositories(0, ShardOf({"a", "b"}));
  EXPECT_EQ(state.TakeNewNames({"a", "b", "c"}), Names({"c"}));
}

TEST(StreamStateTest, LeavesOutTheFirstNamesAcrossPages) {
  StreamState state(Catalogue(3));
  EXPECT_EQ(state.TakeNewNames({"a", "b"}), Names());
  EXPECT_EQ(state.TakeNewNames({"c", "d"}), Names({"d"}));
  EXPECT_EQ(state.listing.seen(), 4u);
}

TEST(StreamStateTest, AListingThatBeginsAgainLeavesTheSameNamesOut) {
  StreamState state(Catalogue(1));
  EXPECT_EQ(state.TakeNewNames({"a", "b"}), Names({"b"}));
  state.listing.set_seen(0);
  EXPECT_EQ(state.TakeNewNames({"a", "b", "c"}), Names({"c"}));
}

TEST(StreamStateTest, WhatTheJournalSaysWasStoppedStaysStopped) {
  StreamState state(Catalogue());
  state.StopDeletes("it does not delete");
  StreamState resumed(Catalogue());
  resumed.Restore(state.listing);
  EXPECT_TRUE(resumed.stopped);
  EXPECT_EQ(resumed.problem, "it does not delete");
}

TEST(StreamStateTest, TheJournalsStartCounts) {
  StreamState state(Catalogue(100));
  proto::Listing listing;
  listing.set_seen(2);
  listing.set_start(3);
  state.listing = listing;
  EXPECT_EQ(state.TakeNewNames({"c", "d"}), Names({"d"}));
}

TEST(StreamStateTest, HandsOutBatchesFirst) {
  StreamState state(Catalogue());
  state.AddRepositories(0, ShardOf({"a", "b"}));
  EXPECT_EQ(state.NextUnfed(), 0u);
  proto::Shard batches = ShardOf({"a"});
  batches.mutable_parent()->set_shard(0);
  batches.add_batches();
  state.AddBatches(1, batches);
  EXPECT_EQ(state.NextUnfed(), 1u);
  state.shards().at(1).next = 1;
  EXPECT_EQ(state.NextUnfed(), 0u);
  state.shards().at(0).next = 2;
  EXPECT_EQ(state.NextUnfed(), std::nullopt);
}

TEST(StreamStateTest, EndsWhenEveryTaskHasEnded) {
  StreamState state(Catalogue());
  state.AddRepositories(0, ShardOf({"a", "b"}));
  state.SetState(0, 0, TaskState::kDone);
  // A second end changes nothing.
  state.SetState(0, 0, TaskState::kDead);
  EXPECT_FALSE(state.AllEnded());
  state.SetState(0, 1, TaskState::kSplit);
  EXPECT_FALSE(state.AllEnded());
  state.SetState(0, 1, TaskState::kDead);
  EXPECT_TRUE(state.AllEnded());
  const proto::StreamSnapshot snapshot = state.Snapshot();
  EXPECT_EQ(snapshot.repositories(), 2u);
  EXPECT_EQ(snapshot.done(), 1u);
  EXPECT_EQ(snapshot.failed(), 1u);
}

TEST(StreamStateTest, AShardThatIsJudgedTwiceIsRefusedOnce) {
  WorkStream stream;
  stream.kind = WorkStream::Kind::kSync;
  stream.registry = stream.target = "https://a.example";
  stream.rename = {{"dev", "prod"}};
  StreamState state(stream);
  const proto::Shard shard = ShardOf({"dev/app", "prod/app", "other/app"});
  state.AddRepositories(0, shard);
  state.AddProducts(shard);
  state.CheckNames(0, shard);
  state.CheckNames(0, shard);
  EXPECT_EQ(state.RefusalOf(0, 0), nullptr);
  ASSERT_NE(state.RefusalOf(0, 1), nullptr);
  EXPECT_TRUE(state.RefusalOf(0, 1)->product);
  ASSERT_NE(state.RefusalOf(0, 2), nullptr);
  EXPECT_FALSE(state.RefusalOf(0, 2)->product);
}

}  // namespace
}  // namespace registry_manager
