// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "coordinator/run/run.h"
#include "coordinator/run/run_fixture_for_test.h"

namespace registry_manager {
namespace {

proto::Shard Repositories(const Names& names) {
  proto::Shard shard;
  for (const std::string& name : names) {
    shard.add_entries()->set_repository(name);
  }
  return shard;
}

proto::Shard Batches(uint32_t parent_shard, uint32_t parent_index) {
  proto::Shard shard = Repositories({"x"});
  shard.mutable_parent()->set_shard(parent_shard);
  shard.mutable_parent()->set_index(parent_index);
  shard.add_batches()->add_tags("1.0");
  return shard;
}

// What comes of a journal with these shards.
absl::Status Restore(const std::vector<proto::Shard>& shards) {
  JournalForTest journal;
  Commit commit;
  for (size_t i = 0; i < shards.size(); ++i) {
    commit.shards.emplace_back(i, shards[i]);
  }
  EXPECT_TRUE(journal.Write(commit).ok());
  Run run("RUN1",
          {Naming(StreamFor(WorkStream::Kind::kSync, kA, kB), {"x", "y"}),
           Naming(StreamFor(WorkStream::Kind::kDelete, kA), {"x"})});
  Commit ends;
  return run.Restore(journal, *journal.Read(), ends);
}

void ExpectDamage(const std::vector<proto::Shard>& shards) {
  const absl::Status status = Restore(shards);
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "--fresh")) << status;
}

TEST(RunRestoreTest, TakesWhatItWrote) {
  EXPECT_TRUE(Restore({Repositories({"x", "y"}), Batches(0, 1)}).ok());
}

TEST(RunRestoreTest, AShardWithoutTasksIsDamage) {
  ExpectDamage({proto::Shard()});
  proto::Shard batches = Batches(0, 0);
  batches.clear_batches();
  ExpectDamage({Repositories({"x", "y"}), batches});
}

TEST(RunRestoreTest, BatchesOfNoRepositoryAreDamage) {
  proto::Shard batches = Batches(0, 0);
  batches.clear_entries();
  ExpectDamage({Repositories({"x", "y"}), batches});
}

TEST(RunRestoreTest, BatchesOfATaskThatIsNotThereAreDamage) {
  ExpectDamage({Repositories({"x", "y"}), Batches(99, 0)});
  ExpectDamage({Repositories({"x", "y"}), Batches(0, 2)});
  // Of themselves, of another stream, of batches.
  ExpectDamage({Repositories({"x", "y"}), Batches(1, 0)});
  proto::Shard other = Repositories({"x"});
  other.set_stream(1);
  ExpectDamage({Repositories({"x", "y"}), other, Batches(1, 0)});
  ExpectDamage({Repositories({"x", "y"}), Batches(0, 0), Batches(1, 0)});
}

TEST(RunRestoreTest, AStreamThatTheConfigDoesNotHaveIsDamage) {
  proto::Shard shard = Repositories({"x"});
  shard.set_stream(2);
  ExpectDamage({shard});
}

// A journal of format 2 names its streams.
absl::Status RestoreStreams(const std::vector<WorkStream>& journalled) {
  JournalForTest journal;
  RunState state = *journal.Read();
  for (const WorkStream& stream : journalled) {
    *state.record.add_streams() = stream.name();
  }
  Run run("RUN1", {StreamFor(WorkStream::Kind::kSync, kA, kB),
                   StreamFor(WorkStream::Kind::kDelete, kA)});
  Commit ends;
  return run.Restore(journal, state, ends);
}

TEST(RunRestoreTest, TakesTheStreamsThatTheJournalNumbers) {
  EXPECT_TRUE(RestoreStreams({StreamFor(WorkStream::Kind::kSync, kA, kB),
                              StreamFor(WorkStream::Kind::kDelete, kA)})
                  .ok());
}

TEST(RunRestoreTest, RefusesOtherStreamsThanTheJournalNumbers) {
  const std::vector<std::vector<WorkStream>> others = {
      {StreamFor(WorkStream::Kind::kDelete, kA),
       StreamFor(WorkStream::Kind::kSync, kA, kB)},
      {StreamFor(WorkStream::Kind::kSync, kA, kB)},
      {StreamFor(WorkStream::Kind::kSync, kB, kA),
       StreamFor(WorkStream::Kind::kDelete, kA)},
  };
  for (const std::vector<WorkStream>& other : others) {
    const absl::Status status = RestoreStreams(other);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(status.message(), "--fresh")) << status;
  }
}

}  // namespace
}  // namespace registry_manager
