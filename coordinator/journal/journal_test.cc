// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/journal.h"

#include <algorithm>
#include <memory>
#include <string>

#include "coordinator/journal/redis_for_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using testing::ElementsAre;

// What every journal keeps to, the one in memory and the one in Redis.
class JournalTest : public testing::TestWithParam<bool> {
 protected:
  JournalTest() {
    if (GetParam()) redis_ = std::make_unique<RedisForTest>();
    journal_ = redis_ ? redis_->NewJournal() : NewMemoryJournal();
  }

  static proto::RunRecord Record(const std::string& run,
                                 const std::string& identity = "id") {
    proto::RunRecord record;
    record.set_run(run);
    record.set_identity(identity);
    record.set_verb("submit");
    record.set_config("config.yml");
    record.set_begun_unix(1700000000);
    return record;
  }

  void Own(const std::string& run = "7F3K") {
    auto owned = journal_->Own(Record(run));
    ASSERT_TRUE(owned.ok()) << owned.status();
    run_ = *std::move(owned);
  }

  static proto::Shard Shard(int entries) {
    proto::Shard shard;
    for (int i = 0; i < entries; ++i) {
      shard.add_entries()->set_repository("r" + std::to_string(i));
    }
    return shard;
  }

  void WriteShard(uint32_t number, int entries) {
    Commit commit;
    commit.shards.emplace_back(number, Shard(entries));
    ASSERT_TRUE(run_->Write(commit).ok());
  }

  static proto::Counts Tags(uint64_t tags) {
    proto::Counts counts;
    counts.set_tags(tags);
    return counts;
  }

  absl::Status WriteOutcome(uint32_t shard, uint32_t index, TaskState state,
                            uint64_t tags) {
    Commit commit;
    commit.outcomes.push_back({shard, index, state});
    commit.counts.push_back(Tags(tags));
    return run_->Write(commit);
  }

  RunState Read() {
    auto state = run_->Read();
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? *state : RunState();
  }

  std::vector<TaskState> Outcomes(uint32_t shard, uint32_t tasks) {
    auto outcomes = run_->ReadOutcomes(shard, tasks);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.ok() ? *outcomes : std::vector<TaskState>();
  }

  std::optional<std::string> Unfinished(absl::string_view identity) {
    auto run = journal_->FindUnfinished(identity);
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? *run : std::nullopt;
  }

  std::unique_ptr<RedisForTest> redis_;
  std::unique_ptr<Journal> journal_;
  // The run that was owned last.
  std::unique_ptr<RunJournal> run_;
};

INSTANTIATE_TEST_SUITE_P(Both, JournalTest, testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Redis" : "Memory";
                         });

TEST_P(JournalTest, ARunIsFoundUntilItIsFinished) {
  EXPECT_EQ(Unfinished("id"), std::nullopt);
  Own();
  EXPECT_EQ(Unfinished("id"), "7F3K");
  EXPECT_EQ(Unfinished("other"), std::nullopt);
  ASSERT_TRUE(run_->Release().ok());
  EXPECT_EQ(Unfinished("id"), "7F3K");
  Own();
  ASSERT_TRUE(run_->Finish().ok());
  EXPECT_EQ(Unfinished("id"), std::nullopt);
}

TEST_P(JournalTest, EpochsOnlyGrowAlsoAcrossRuns) {
  const uint64_t first = journal_->NextEpoch().value();
  Own("AAAA");
  const uint64_t next = journal_->NextEpoch().value();
  EXPECT_GT(next, first);
  ASSERT_TRUE(run_->Finish().ok());
  EXPECT_GT(journal_->NextEpoch().value(), next);
}

TEST_P(JournalTest, AnOwnershipEndsTheOneBeforeIt) {
  Own();
  const std::unique_ptr<RunJournal> before = std::move(run_);
  Own();
  EXPECT_TRUE(absl::IsAborted(before->Write({})));
  EXPECT_TRUE(absl::IsAborted(before->Renew()));
  EXPECT_TRUE(run_->Write({}).ok());
}

TEST_P(JournalTest, RunsOfOneJournalAreKeptApart) {
  Own("AAAA");
  const std::unique_ptr<RunJournal> a = std::move(run_);
  run_ = journal_->Own(Record("BBBB", "another")).value();
  WriteShard(0, 2);
  ASSERT_TRUE(WriteOutcome(0, 1, TaskState::kDone, 3).ok());
  EXPECT_EQ(a->Read()->shards, 0u);
  EXPECT_EQ(a->Read()->totals.tags(), 0u);
  ASSERT_TRUE(a->Finish().ok());
  EXPECT_EQ(Read().totals.tags(), 3u);
  EXPECT_EQ(Unfinished("another"), "BBBB");
}

TEST_P(JournalTest, TheConstantsOfARunStay) {
  Own();
  proto::RunRecord other = Record("7F3K");
  other.set_config("moved.yml");
  other.set_begun_unix(1800000000);
  run_ = journal_->Own(other).value();
  const RunState state = Read();
  EXPECT_EQ(state.record.config(), "config.yml");
  EXPECT_EQ(state.record.begun_unix(), 1700000000);
}

TEST_P(JournalTest, ASecondRunOfAnUnfinishedIdentityIsRefused) {
  Own("AAAA");
  EXPECT_EQ(journal_->Own(Record("BBBB")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Own("AAAA");
  ASSERT_TRUE(run_->Finish().ok());
  EXPECT_TRUE(journal_->Own(Record("BBBB")).ok());
}

TEST_P(JournalTest, NothingIsWrittenAfterTheRunWasGivenUp) {
  Own();
  ASSERT_TRUE(run_->Release().ok());
  EXPECT_EQ(run_->Write({}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(run_->Renew().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(run_->Finish().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(run_->Release().ok());
}

TEST_P(JournalTest, ShardsAndListingsAreReadAsTheyWereWritten) {
  Own();
  EXPECT_EQ(Read().shards, 0u);
  Commit commit;
  commit.shards.emplace_back(0, Shard(2));
  commit.shards.emplace_back(3, Shard(1));
  proto::Listing listing;
  listing.set_cursor(std::string("next\0page", 9));
  listing.set_complete(true);
  commit.listings.emplace_back(1, listing);
  ASSERT_TRUE(run_->Write(commit).ok());

  const RunState state = Read();
  EXPECT_EQ(state.shards, 4u);
  ASSERT_EQ(state.listings.size(), 1u);
  EXPECT_EQ(state.listings[0].first, 1u);
  EXPECT_EQ(state.listings[0].second.cursor(), listing.cursor());
  EXPECT_TRUE(state.listings[0].second.complete());
  auto shard = run_->ReadShard(0);
  ASSERT_TRUE(shard.ok());
  EXPECT_EQ(shard->entries_size(), 2);
  EXPECT_TRUE(absl::IsNotFound(run_->ReadShard(1).status()));
}

TEST_P(JournalTest, AFrozenShardIsNeverChanged) {
  Own();
  WriteShard(0, 2);
  WriteShard(0, 5);
  auto shard = run_->ReadShard(0);
  ASSERT_TRUE(shard.ok());
  EXPECT_EQ(shard->entries_size(), 2);
}

TEST_P(JournalTest, ACommitSentAgainChangesNothing) {
  Own();
  Commit commit;
  commit.shards.emplace_back(0, Shard(4));
  commit.outcomes = {{0, 0, TaskState::kDone},
                     {0, 2, TaskState::kSkipped},
                     {0, 3, TaskState::kDead}};
  commit.counts = {Tags(1), Tags(20), Tags(300)};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run_->Write(commit).ok());
  EXPECT_EQ(Read().totals.tags(), 321u);
  EXPECT_THAT(Outcomes(0, 5), ElementsAre(TaskState::kDone, TaskState::kPending,
                                          TaskState::kSkipped, TaskState::kDead,
                                          TaskState::kPending));
}

TEST_P(JournalTest, ATaskEndsOnce) {
  Own();
  WriteShard(0, 1);
  ASSERT_TRUE(WriteOutcome(0, 0, TaskState::kDone, 1).ok());
  for (TaskState state :
       {TaskState::kDead, TaskState::kSkipped, TaskState::kSplit}) {
    ASSERT_TRUE(WriteOutcome(0, 0, state, 10).ok());
  }
  EXPECT_THAT(Outcomes(0, 1), ElementsAre(TaskState::kDone));
  EXPECT_EQ(Read().totals.tags(), 1u);
}

TEST_P(JournalTest, ASplitTaskEndsLaterAndBothAreCounted) {
  Own();
  WriteShard(0, 1);
  ASSERT_TRUE(WriteOutcome(0, 0, TaskState::kSplit, 1).ok());
  ASSERT_TRUE(WriteOutcome(0, 0, TaskState::kSplit, 1).ok());
  EXPECT_THAT(Outcomes(0, 1), ElementsAre(TaskState::kSplit));
  ASSERT_TRUE(WriteOutcome(0, 0, TaskState::kDead, 10).ok());
  ASSERT_TRUE(WriteOutcome(0, 0, TaskState::kDead, 10).ok());
  EXPECT_THAT(Outcomes(0, 1), ElementsAre(TaskState::kDead));
  EXPECT_EQ(Read().totals.tags(), 11u);
}

TEST_P(JournalTest, EveryCountIsAddedUp) {
  Own();
  WriteShard(0, 3);
  Commit commit;
  for (uint32_t i = 0; i < 3; ++i) {
    commit.outcomes.push_back({0, i, TaskState::kDone});
    proto::Counts counts;
    counts.set_tags(1);
    counts.set_bytes_copied(uint64_t{1} << 40);
    counts.set_throttled_ms(7);
    commit.counts.push_back(counts);
  }
  // More than a task can truly have: taken for 2^48.
  commit.counts[2].set_requests(~uint64_t{0});
  ASSERT_TRUE(run_->Write(commit).ok());
  const proto::Counts totals = Read().totals;
  EXPECT_EQ(totals.tags(), 3u);
  EXPECT_EQ(totals.bytes_copied(), uint64_t{3} << 40);
  EXPECT_EQ(totals.throttled_ms(), 21u);
  EXPECT_EQ(totals.requests(), uint64_t{1} << 48);
  EXPECT_EQ(totals.deleted(), 0u);
}

TEST_P(JournalTest, LargeCommitsAreWrittenWhole) {
  Own();
  constexpr uint32_t kTasks = 4096;
  Commit commit;
  commit.shards.emplace_back(0, Shard(kTasks));
  for (uint32_t i = 0; i < kTasks; ++i) {
    commit.outcomes.push_back({0, i, TaskState::kDone});
    commit.counts.push_back(Tags(1));
  }
  // One split among them goes with the shard.
  commit.outcomes[4000].state = TaskState::kSplit;
  ASSERT_TRUE(run_->Write(commit).ok());
  EXPECT_EQ(Read().totals.tags(), kTasks);
  const auto outcomes = Outcomes(0, kTasks);
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), TaskState::kDone),
            kTasks - 1);
  EXPECT_EQ(outcomes[4000], TaskState::kSplit);
}

TEST_P(JournalTest, ACommitThatMakesNoSenseIsRefusedWhole) {
  Own();
  WriteShard(0, 1);
  Commit commit;
  commit.shards.emplace_back(1, Shard(1));
  commit.outcomes = {{0, 0, TaskState::kDone}, {9, 0, TaskState::kDone}};
  EXPECT_TRUE(absl::IsInvalidArgument(run_->Write(commit)));
  commit.outcomes = {{0, 0, TaskState::kPending}};
  EXPECT_TRUE(absl::IsInvalidArgument(run_->Write(commit)));
  commit.outcomes = {{0, ~0u, TaskState::kDone}};
  EXPECT_TRUE(absl::IsInvalidArgument(run_->Write(commit)));
  commit.outcomes = {{0, 0, TaskState::kDone}};
  commit.counts.resize(2);
  EXPECT_TRUE(absl::IsInvalidArgument(run_->Write(commit)));
  EXPECT_EQ(Read().shards, 1u);
  EXPECT_THAT(Outcomes(0, 1), ElementsAre(TaskState::kPending));
}

TEST_P(JournalTest, AttemptsAreKeptUntilTheTaskEnds) {
  Own();
  WriteShard(0, 3);
  ASSERT_TRUE(run_->WriteAttempts({0, 1, 2, 1}).ok());
  ASSERT_TRUE(run_->WriteAttempts({0, 1, 3, 1}).ok());
  ASSERT_TRUE(run_->WriteAttempts({0, 2, 1, 0}).ok());
  ASSERT_TRUE(WriteOutcome(0, 2, TaskState::kDone, 0).ok());
  const RunState state = Read();
  ASSERT_EQ(state.attempts.size(), 1u);
  EXPECT_EQ(state.attempts[0].shard, 0u);
  EXPECT_EQ(state.attempts[0].index, 1u);
  EXPECT_EQ(state.attempts[0].attempts, 3);
  EXPECT_EQ(state.attempts[0].losses, 1);
}

TEST_P(JournalTest, NamesRunsThatAreUnfinishedOrWroteAnOpenIntent) {
  const auto in_use = [this] {
    const auto runs = journal_->RunsInUse();
    EXPECT_TRUE(runs.ok()) << runs.status();
    return runs.value_or(std::set<std::string>());
  };
  EXPECT_EQ(in_use(), std::set<std::string>());
  Own("AAAA");
  EXPECT_EQ(in_use(), std::set<std::string>({"AAAA"}));
  proto::Intent intent;
  intent.set_run("AAAA");
  ASSERT_TRUE(run_->WriteIntent("https://h", "a/b", &intent).ok());
  ASSERT_TRUE(run_->Finish().ok());
  EXPECT_EQ(in_use(), std::set<std::string>({"AAAA"}));
  Own("BBBB");
  EXPECT_EQ(in_use(), std::set<std::string>({"AAAA", "BBBB"}));
  ASSERT_TRUE(run_->WriteIntent("https://h", "a/b", nullptr).ok());
  ASSERT_TRUE(run_->Release().ok());
  EXPECT_EQ(in_use(), std::set<std::string>({"BBBB"}));
}

TEST_P(JournalTest, IntentsOutliveTheirRun) {
  Own("AAAA");
  proto::Intent intent;
  intent.add_deletions()->set_digest("sha256:1");
  ASSERT_TRUE(run_->WriteIntent("https://h", "a/b", &intent).ok());
  ASSERT_TRUE(run_->Finish().ok());
  auto found = run_->ReadIntent("https://h", "a/b");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->deletions(0).digest(), "sha256:1");
  found = run_->ReadIntent("https://h", "a");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
  Own("BBBB");
  ASSERT_TRUE(run_->WriteIntent("https://h", "a/b", nullptr).ok());
  ASSERT_TRUE(run_->WriteIntent("https://h", "a/b", nullptr).ok());
  found = run_->ReadIntent("https://h", "a/b");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
}

TEST_P(JournalTest, ANewRunOfTheSameNameBeginsEmpty) {
  Own();
  WriteShard(0, 1);
  ASSERT_TRUE(run_->WriteAttempts({0, 0, 1, 0}).ok());
  ASSERT_TRUE(WriteOutcome(0, 0, TaskState::kSplit, 5).ok());
  ASSERT_TRUE(run_->Finish().ok());
  Own();
  WriteShard(0, 1);
  const RunState state = Read();
  EXPECT_EQ(state.totals.tags(), 0u);
  EXPECT_TRUE(state.attempts.empty());
  EXPECT_THAT(Outcomes(0, 1), ElementsAre(TaskState::kPending));
}

}  // namespace
}  // namespace registry_manager
