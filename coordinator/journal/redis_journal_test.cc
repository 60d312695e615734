// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Version 1 of the format in Redis, and what happens when Redis or another
// coordinator does not do as one would like. docs/journal.md.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/owner.h"
#include "coordinator/journal/redis_for_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

proto::RunRecord Record(const std::string& run = "7F3K") {
  proto::RunRecord record;
  record.set_run(run);
  record.set_identity("id");
  record.set_config("config.yml");
  return record;
}

Commit OneShard(uint32_t number = 0) {
  Commit commit;
  commit.shards.emplace_back(number, proto::Shard());
  commit.shards.back().second.add_entries()->set_repository("r");
  return commit;
}

Commit OneOutcome(uint32_t index) {
  Commit commit;
  commit.outcomes.push_back({0, index, TaskState::kDone});
  commit.counts.emplace_back();
  commit.counts.back().set_tags(1);
  return commit;
}

std::string Keys(RedisForTest* redis) {
  std::string result;
  for (const RedisReply& key : redis->Run({"KEYS", "*"}).elements) {
    absl::StrAppend(&result, key.text, " ");
  }
  return result;
}

TEST(RedisOwnershipTest, ALivingOwnerIsNamed) {
  RedisForTest redis;
  auto first = redis.NewJournal();
  auto second = redis.NewJournal();
  const auto first_run = first->Own(Record()).value();
  const absl::Status status = second->Own(Record()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(
      status.message(),
      absl::StrCat("run 7F3K of config.yml is held by process ", getpid(),
                   " on ", Owner::Here().host,
                   ": it is being carried out there, and `coordinator status` "
                   "shows how it stands"));
  ASSERT_TRUE(first_run->Release().ok());
  EXPECT_TRUE(second->Own(Record()).ok());
}

TEST(RedisOwnershipTest, AnOwnerThatWasKilledIsFollowedAtOnce) {
  RedisForTest redis;
  const pid_t child = fork();
  if (child == 0) {
    auto journal = redis.NewJournal();
    const auto run = journal->Own(Record());
    if (run.ok() && (*run)->Write(OneShard()).ok()) raise(SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto journal = redis.NewJournal();
  EXPECT_EQ(journal->FindUnfinished("id").value(), "7F3K");
  const auto run = journal->Own(Record()).value();
  EXPECT_FALSE(run->previous_owner_may_act());
  EXPECT_EQ(journal->NextEpoch().value(), 3u);
  EXPECT_TRUE(run->ReadShard(0).ok());
}

TEST(RedisOwnershipTest, AnOwnerOfAnotherHostIsNotJudged) {
  RedisForTest redis;
  redis.Run({"SET", "rm:{7F3K}:owner", "elsewhere:17:1:boot-1:cafe"});
  const absl::Status status = redis.NewJournal()->Own(Record()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("held by process 17 on elsewhere"),
            HasSubstr("if that process has ended, its lock expires within "
                      "15 s")));
}

TEST(RedisOwnershipTest, ARunThatIsGoneIsNobodyElses) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  ASSERT_TRUE(run->Write(OneShard()).ok());
  redis.Run({"FLUSHALL"});

  const proto::Intent intent;
  for (const absl::Status& status : {run->Write(OneOutcome(0)), run->Renew(),
                                     run->WriteAttempts({0, 0, 1, 0}),
                                     run->WriteIntent("r", "a", &intent)}) {
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("run 7F3K"), HasSubstr("not in Redis")));
  }
}

TEST(RedisOwnershipTest, AnOwnerWhoseHoldLapsedIsFencedOff) {
  RedisForTest redis;
  auto first = redis.NewJournal();
  auto second = redis.NewJournal();
  const auto first_run = first->Own(Record()).value();
  ASSERT_TRUE(first_run->Write(OneShard()).ok());
  redis.Run({"DEL", "rm:{7F3K}:owner"});
  const auto second_run = second->Own(Record()).value();

  const absl::Status status = first_run->Write(OneOutcome(0));
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("7F3K"));
  EXPECT_TRUE(absl::IsAborted(first_run->Renew()));
  EXPECT_TRUE(absl::IsAborted(first_run->WriteAttempts({0, 0, 1, 0})));
  const proto::Intent intent;
  EXPECT_TRUE(absl::IsAborted(first_run->WriteIntent("r", "a", &intent)));
  EXPECT_TRUE(absl::IsAborted(first_run->Finish()));
  // It gives up nothing but its own.
  EXPECT_TRUE(first_run->Release().ok());
  EXPECT_TRUE(second_run->Renew().ok());
  EXPECT_TRUE(second_run->Write(OneOutcome(0)).ok());
}

TEST(RedisOwnershipTest, AHoldLapsesUnlessItIsRenewed) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  const int64_t before = redis.Run({"PTTL", "rm:{7F3K}:owner"}).integer;
  EXPECT_GT(before, 10000);
  EXPECT_LE(before, 15000);
  redis.Run({"PEXPIRE", "rm:{7F3K}:owner", "5000"});
  ASSERT_TRUE(run->Renew().ok());
  EXPECT_GT(redis.Run({"PTTL", "rm:{7F3K}:owner"}).integer, 10000);
  // Nobody has taken it: it is still this one's.
  redis.Run({"DEL", "rm:{7F3K}:owner"});
  ASSERT_TRUE(run->Renew().ok());
  EXPECT_GT(redis.Run({"PTTL", "rm:{7F3K}:owner"}).integer, 10000);
}

TEST(RedisOwnershipTest, AJournalOfAnotherFormatIsLeftAlone) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  redis.Run({"HSET", "rm:{7F3K}:meta", "version", "3"});
  ASSERT_TRUE(run->Release().ok());
  const absl::Status status = journal->Own(Record()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("format 3"));
}

TEST(RedisFinishTest, NothingOfTheRunStays) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  Commit commit;
  for (uint32_t i = 0; i < 1000; ++i) {
    commit.shards.push_back(OneShard(i).shards[0]);
    commit.outcomes.push_back({i, 0, TaskState::kDone});
  }
  commit.listings.emplace_back(0, proto::Listing());
  ASSERT_TRUE(run->Write(commit).ok());
  ASSERT_TRUE(run->WriteAttempts({0, 1, 1, 1}).ok());
  ASSERT_TRUE(run->Finish().ok());
  EXPECT_EQ(Keys(&redis), "rm:epoch ");
}

TEST(RedisFinishTest, WhatACrashLeftIsSweptByTheNextOwner) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record("AAAA")).value();
  ASSERT_TRUE(run->Write(OneShard()).ok());
  ASSERT_TRUE(run->Write(OneOutcome(0)).ok());
  // What Finish() writes first.
  redis.Run({"HDEL", "rm:identity", "id"});
  redis.Run({"SADD", "rm:finished", "AAAA"});
  auto next = redis.NewJournal();
  ASSERT_TRUE(next->Own(Record("BBBB")).ok());
  EXPECT_THAT(Keys(&redis), Not(HasSubstr("AAAA")));
  EXPECT_EQ(redis.Run({"EXISTS", "rm:finished"}).integer, 0);
  // Whose answer was lost may say it again.
  EXPECT_TRUE(run->Finish().ok());
  const auto unfinished = next->FindUnfinished("id");
  ASSERT_TRUE(unfinished.ok());
  EXPECT_EQ(*unfinished, "BBBB");
}

TEST(RedisCrashTest, WhatWasAcknowledgedIsThereAfterAKill) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  ASSERT_TRUE(run->Write(OneShard()).ok());
  uint32_t acknowledged = 0;
  for (int round = 0; round < 3; ++round) {
    std::thread killer([pid = redis.pid()] {
      absl::SleepFor(absl::Milliseconds(20));
      kill(pid, SIGKILL);
    });
    absl::Status status;
    while ((status = run->Write(OneOutcome(acknowledged))).ok()) {
      ++acknowledged;
    }
    killer.join();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    redis.Kill();
    redis.Start();
    redis.AwaitReady();
    // Of unknown fate: the same commit again.
    ASSERT_TRUE(run->Write(OneOutcome(acknowledged)).ok());
    ++acknowledged;
  }
  auto state = run->Read();
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->totals.tags(), acknowledged);
  auto outcomes = run->ReadOutcomes(0, acknowledged + 8);
  ASSERT_TRUE(outcomes.ok());
  EXPECT_EQ(std::count(outcomes->begin(), outcomes->end(), TaskState::kDone),
            acknowledged);
}

TEST(RedisRefusalTest, ScriptsAreSentAgainWhereRedisHasForgottenThem) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  redis.Run({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(run->Renew().ok());
}

TEST(RedisRefusalTest, PasswordsOpenAndTheirAbsenceIsExplained) {
  RedisForTest redis({"requirepass hush", "user me on >secret ~rm:* +@all",
                      "user you on >secret ~other:* +@all"});
  RedisEndpoint endpoint = redis.endpoint();
  const auto own = [&endpoint] {
    return NewRedisJournal(endpoint)->Own(Record()).status();
  };
  EXPECT_TRUE(absl::IsUnauthenticated(own())) << own();
  endpoint.password = "wrong";
  EXPECT_TRUE(absl::IsUnauthenticated(own())) << own();
  EXPECT_THAT(std::string(own().message()), Not(HasSubstr("wrong")));
  endpoint.password = "hush";
  EXPECT_TRUE(own().ok()) << own();
  endpoint.username = "you";
  endpoint.password = "secret";
  EXPECT_TRUE(absl::IsUnauthenticated(own())) << own();
}

TEST(RedisRefusalTest, AnAclUserForTheJournalsKeysSuffices) {
  RedisForTest redis({"user me on >secret ~rm:* +@all"});
  RedisEndpoint endpoint = redis.endpoint();
  endpoint.username = "me";
  endpoint.password = "secret";
  auto journal = NewRedisJournal(endpoint);
  const auto run = journal->Own(Record()).value();
  EXPECT_TRUE(run->Write(OneShard()).ok());
  EXPECT_TRUE(run->Write(OneOutcome(0)).ok());
  EXPECT_TRUE(run->Read().ok());
  EXPECT_TRUE(run->Finish().ok());
}

TEST(RedisRefusalTest, DatabasesAreSelected) {
  RedisForTest redis({"databases 4"});
  RedisEndpoint endpoint = redis.endpoint();
  endpoint.database = 3;
  ASSERT_TRUE(NewRedisJournal(endpoint)->Own(Record()).ok());
  EXPECT_EQ(Keys(&redis), "");
  endpoint.database = 4;
  EXPECT_FALSE(NewRedisJournal(endpoint)->Own(Record()).ok());
}

// Redis away, then back: Unavailable, then the same write succeeds.
TEST(RedisRefusalTest, AbsenceIsUnavailableAndPasses) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  redis.Kill();
  EXPECT_TRUE(absl::IsUnavailable(run->Write(OneShard())));
  EXPECT_TRUE(absl::IsUnavailable(run->Write(OneShard())));
  redis.Start();
  redis.AwaitReady();
  EXPECT_TRUE(run->Write(OneShard()).ok());
}

TEST(RedisRefusalTest, LoadingIsUnavailable) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  redis.Run({"EVAL", "for i = 1, 4000 do redis.call('SET', i, i) end", "0"});
  redis.Kill();
  // 1 s in all. Redis looks at its clients after each 1024 commands.
  redis.Start({"key-load-delay 250"});
  absl::Status status;
  do {
    status = run->Renew();
    ASSERT_TRUE(absl::IsUnavailable(status)) << status;
  } while (status.message().find("loading its data") ==
           absl::string_view::npos);
  redis.AwaitReady();
  EXPECT_TRUE(run->Renew().ok());
}

TEST(RedisRefusalTest, ADiskThatCannotBeWrittenIsUnavailable) {
  RedisForTest redis(
      {"appendonly no", "save 3600 1", "enable-protected-configs yes"});
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  // A folder that is gone takes no snapshot, also from root.
  TemporaryFolder gone;
  redis.Run({"CONFIG", "SET", "dir", gone.path()});
  std::filesystem::remove(gone.path());
  redis.Run({"BGSAVE"});
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  absl::Status status;
  while ((status = run->Write(OneShard())).ok() && absl::Now() < deadline) {
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("MISCONF"));
  redis.Run({"CONFIG", "SET", "dir", redis.folder()});
  redis.Run({"CONFIG", "SET", "stop-writes-on-bgsave-error", "no"});
  EXPECT_TRUE(run->Write(OneShard()).ok());
}

TEST(RedisRefusalTest, FullMemoryIsUnavailable) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  redis.Run({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_TRUE(absl::IsUnavailable(run->Write(OneShard())));
  redis.Run({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(run->Write(OneShard()).ok());
}

TEST(RedisRefusalTest, AReplicaIsUnavailable) {
  RedisForTest redis;
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  redis.Run({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_TRUE(absl::IsUnavailable(run->Write(OneShard())));
  redis.Run({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(run->Write(OneShard()).ok());
}

TEST(RedisRefusalTest, ABusyRedisIsUnavailable) {
  RedisForTest redis({"busy-reply-threshold 5"});
  auto journal = redis.NewJournal();
  const auto run = journal->Own(Record()).value();
  std::thread script([endpoint = redis.endpoint()] {
    RedisConnection connection(endpoint);
    (void)connection.Run({"EVAL", "while true do end", "0"});
  });
  absl::Status status;
  while ((status = run->Renew()).ok()) {
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  redis.Run({"SCRIPT", "KILL"});
  script.join();
  EXPECT_TRUE(run->Renew().ok());
}

class RedisDamageTest : public testing::Test {
 protected:
  RedisDamageTest()
      : journal_(redis_.NewJournal()), run_(journal_->Own(Record()).value()) {
    EXPECT_TRUE(run_->Write(OneShard()).ok());
  }
  // Is damage of the run, found by Read().
  void ExpectDamage(const std::string& what) {
    const absl::Status status = run_->Read().status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("7F3K"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_THAT(std::string(status.message()), HasSubstr("--fresh"));
  }
  RedisForTest redis_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<RunJournal> run_;
};

TEST_F(RedisDamageTest, ShardsAreNotTrusted) {
  redis_.Run({"HSET", "rm:{7F3K}:shards", "0", "\xff\xff"});
  const absl::Status status = run_->ReadShard(0).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("rm:{7F3K}:shards, field 0"));
  redis_.Run({"HSET", "rm:{7F3K}:shards", "4294967295", ""});
  ExpectDamage("field 4294967295");
}

// Its workers may act until their leases are over.
TEST(RedisJournalTest, AnOwnerWhoseHoldLapsedMayStillAct) {
  RedisForTest redis;
  auto first = redis.NewJournal();
  auto second = redis.NewJournal();
  const auto first_run = first->Own(Record()).value();
  EXPECT_FALSE(first_run->previous_owner_may_act());
  redis.Run({"DEL", "rm:{7F3K}:owner"});
  const auto second_run = second->Own(Record()).value();
  EXPECT_TRUE(second_run->previous_owner_may_act());
}

TEST(RedisJournalTest, AnOwnerThatGaveTheRunUpActsNoMore) {
  RedisForTest redis;
  auto first = redis.NewJournal();
  auto second = redis.NewJournal();
  const auto first_run = first->Own(Record()).value();
  ASSERT_TRUE(first_run->Release().ok());
  const auto second_run = second->Own(Record()).value();
  EXPECT_FALSE(second_run->previous_owner_may_act());
}

TEST_F(RedisDamageTest, AShardThatWasCutIsSeen) {
  proto::Shard shard;
  for (const char* name : {"a", "b", "c"}) {
    shard.add_entries()->set_repository(name);
  }
  Commit commit;
  commit.shards.emplace_back(1, shard);
  ASSERT_TRUE(run_->Write(commit).ok());
  EXPECT_EQ(run_->ReadShard(1)->entries_size(), 3);
  redis_.Run({"EVAL",
              "local bytes = redis.call('HGET', KEYS[1], '1') "
              "redis.call('HSET', KEYS[1], '1', string.sub(bytes, 1, -6))",
              "1", "rm:{7F3K}:shards"});
  const absl::Status status = run_->ReadShard(1).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("--fresh"));
}

TEST_F(RedisDamageTest, AShardOfAnEarlierVersionDoesNotSayItsSize) {
  proto::Shard shard;
  shard.add_entries()->set_repository("a");
  redis_.Run({"HSET", "rm:{7F3K}:shards", "0", shard.SerializeAsString()});
  EXPECT_EQ(run_->ReadShard(0)->entries_size(), 1);
}

TEST_F(RedisDamageTest, ACountOfOwnersThatIsNoNumberIsExplained) {
  redis_.Run({"DEL", "rm:{7F3K}:owner"});
  redis_.Run({"SET", "rm:epoch", "zzz"});
  const absl::Status status = redis_.NewJournal()->Own(Record()).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("set it to"));
  EXPECT_EQ(journal_->NextEpoch().status(), status);
}

TEST_F(RedisDamageTest, IdentitiesOfAnotherTypeAreExplained) {
  redis_.Run({"DEL", "rm:identity"});
  redis_.Run({"SET", "rm:identity", "x"});
  const absl::Status status = journal_->FindUnfinished("x").status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("DEL rm:identity"));
}

TEST_F(RedisDamageTest, RecordsAreNotTrusted) {
  redis_.Run({"HSET", "rm:{7F3K}:meta", "record", "\xff"});
  ExpectDamage("rm:{7F3K}:meta");
}

TEST_F(RedisDamageTest, CountersAreNotTrusted) {
  redis_.Run({"HSET", "rm:{7F3K}:counters", "of-a-later-version", "1"});
  EXPECT_TRUE(run_->Read().ok());
  redis_.Run({"HSET", "rm:{7F3K}:counters", "tags", "-1"});
  ExpectDamage("field tags");
}

TEST_F(RedisDamageTest, ListingsAreNotTrusted) {
  redis_.Run({"HSET", "rm:{7F3K}:listings", "0", "\xff"});
  ExpectDamage("rm:{7F3K}:listings");
}

TEST_F(RedisDamageTest, AttemptsAreNotTrusted) {
  redis_.Run({"HSET", "rm:{7F3K}:attempts", "0:x", "1:1"});
  ExpectDamage("rm:{7F3K}:attempts");
}

TEST_F(RedisDamageTest, TypesAreNotTrusted) {
  redis_.Run({"SET", "rm:{7F3K}:counters", "x"});
  ExpectDamage("WRONGTYPE");
  redis_.Run({"LPUSH", "rm:{7F3K}:dead:0", "x"});
  EXPECT_TRUE(absl::IsDataLoss(run_->ReadOutcomes(0, 1).status()));
  EXPECT_TRUE(absl::IsDataLoss(run_->Write(OneOutcome(0))));
}

TEST_F(RedisDamageTest, ADamagedRunCanStillBeFinished) {
  redis_.Run({"SET", "rm:{7F3K}:shards", "x"});
  EXPECT_TRUE(run_->Finish().ok());
  EXPECT_EQ(Keys(&redis_), "rm:epoch ");
}

TEST_F(RedisDamageTest, IntentsAreNotTrusted) {
  redis_.Run({"HSET", "rm:intents", "https://h\na/b", "\xff"});
  const absl::Status status = run_->ReadIntent("https://h", "a/b").status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("rm:intents"));
}

}  // namespace
}  // namespace registry_manager
