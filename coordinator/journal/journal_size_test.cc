// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// The journal of a large run: what it takes of Redis, and how long it takes to
// be read again. Limits of design: 100 bytes a repository, 1 byte a finished
// task.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/redis_for_test.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

constexpr uint32_t kShardSize = 4096;
constexpr uint32_t kRepositories = 200000;
constexpr uint32_t kShards = (kRepositories + kShardSize - 1) / kShardSize;

uint32_t SizeOf(uint32_t shard) {
  return std::min(kShardSize, kRepositories - shard * kShardSize);
}

int64_t UsedMemory(RedisForTest* redis) {
  const std::string info = redis->Run({"INFO", "memory"}).text;
  const size_t at = info.find("used_memory:");
  return at == std::string::npos ? 0 : atoll(info.c_str() + at + 12);
}

// What the run's keys take, by Redis's own count.
int64_t KeysMemory(RedisForTest* redis) {
  int64_t total = 0;
  for (const RedisReply& key : redis->Run({"KEYS", "rm:*"}).elements) {
    total += redis->Run({"MEMORY", "USAGE", key.text, "SAMPLES", "0"}).integer;
  }
  return total;
}

void WriteShards(RunJournal* journal) {
  for (uint32_t shard = 0; shard < kShards; ++shard) {
    Commit commit;
    commit.shards.emplace_back(shard, proto::Shard());
    for (uint32_t i = 0; i < SizeOf(shard); ++i) {
      proto::RepositoryEntry* entry = commit.shards[0].second.add_entries();
      // 30 characters.
      entry->set_repository(absl::StrFormat("department-%03d/service-%07d",
                                            shard, shard * kShardSize + i));
      entry->set_whole(true);
    }
    commit.listings.emplace_back(0, proto::Listing());
    ASSERT_TRUE(journal->Write(commit).ok());
  }
}

void WriteOutcomes(RunJournal* journal) {
  for (uint32_t shard = 0; shard < kShards; ++shard) {
    Commit commit;
    for (uint32_t i = 0; i < SizeOf(shard); ++i) {
      // Some of each kind, mostly done.
      const TaskState state = i % 50 == 0   ? TaskState::kDead
                              : i % 10 == 0 ? TaskState::kSkipped
                                            : TaskState::kDone;
      commit.outcomes.push_back({shard, i, state});
      commit.counts.emplace_back();
      commit.counts.back().set_tags(10);
      commit.counts.back().set_deleted(3);
      commit.counts.back().set_requests(15);
    }
    ASSERT_TRUE(journal->Write(commit).ok());
  }
}

void ReadAll(RunJournal* journal) {
  auto state = journal->Read();
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_EQ(state->shards, kShards);
  EXPECT_EQ(state->totals.tags(), uint64_t{10} * kRepositories);
  uint32_t pending = 0;
  for (uint32_t number = 0; number < kShards; ++number) {
    auto shard = journal->ReadShard(number);
    ASSERT_TRUE(shard.ok());
    auto outcomes = journal->ReadOutcomes(number, shard->entries_size());
    ASSERT_TRUE(outcomes.ok());
    for (TaskState outcome : *outcomes) {
      pending += outcome == TaskState::kPending ? 1 : 0;
    }
  }
  EXPECT_EQ(pending, 0u);
}

TEST(JournalSizeTest, ALargeRunTakesLittleAndIsReadQuickly) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  proto::RunRecord record;
  record.set_run("7F3K");
  record.set_identity("id");
  const auto run = journal->Own(record).value();
  const int64_t keys_before = KeysMemory(&redis);
  const int64_t before = UsedMemory(&redis);
  WriteShards(run.get());
  const int64_t keys_planned = KeysMemory(&redis);
  const int64_t planned = UsedMemory(&redis);
  absl::Time begin = absl::Now();
  WriteOutcomes(run.get());
  const absl::Duration commits = absl::Now() - begin;
  const int64_t keys_done = KeysMemory(&redis);
  const int64_t done = UsedMemory(&redis);
  begin = absl::Now();
  ReadAll(run.get());
  const absl::Duration reading = absl::Now() - begin;

  const double repository = 1.0 * (keys_planned - keys_before) / kRepositories;
  const double task = 1.0 * (keys_done - keys_planned) / kRepositories;
  printf(
      "MEMORY USAGE: %.1f bytes/repository, %.2f bytes/finished task; INFO: "
      "%.1f and %.2f; committing %s, reading %s\n",
      repository, task, 1.0 * (planned - before) / kRepositories,
      1.0 * (done - planned) / kRepositories,
      absl::FormatDuration(commits).c_str(),
      absl::FormatDuration(reading).c_str());
  EXPECT_LT(repository, 100);
  EXPECT_LT(task, 1);
  EXPECT_LT(reading, absl::Seconds(20));
}

}  // namespace
}  // namespace registry_manager
