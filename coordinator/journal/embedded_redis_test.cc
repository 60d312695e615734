// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/embedded_redis.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coordinator/journal/file_lock.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/redis_connection.h"
#include "coordinator/journal/redis_for_test.h"
#include "coordinator/journal/socket_path.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);

std::unique_ptr<EmbeddedRedis> Started(const std::string& folder) {
  auto redis = EmbeddedRedis::Start(folder);
  EXPECT_TRUE(redis.ok()) << redis.status();
  return redis.ok() ? *std::move(redis) : nullptr;
}

// Again and again until `wanted`, or until patience ends.
template <typename Condition>
bool Eventually(Condition wanted) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!wanted()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

proto::RunRecord Record() {
  proto::RunRecord record;
  record.set_run("7F3K");
  record.set_identity("id");
  return record;
}

pid_t ServerOf(const RedisEndpoint& endpoint) {
  RedisConnection connection(endpoint);
  auto info = connection.Run({"INFO", "server"});
  if (!info.ok()) return 0;
  const size_t at = info->text.find("process_id:");
  return at == std::string::npos ? 0 : atoi(info->text.c_str() + at + 11);
}

bool HasEnded(pid_t pid) {
  std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  return text.empty() || absl::StrContains(text, ") Z ");
}

std::string Config(const RedisEndpoint& endpoint, const std::string& name) {
  RedisConnection connection(endpoint);
  auto reply = connection.Run({"CONFIG", "GET", name});
  return reply.ok() && reply->elements.size() == 2 ? reply->elements[1].text
                                                   : "";
}

mode_t ModeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

TEST(EmbeddedRedisTest, IsPrivateAndDurable) {
  TemporaryFolder base;
  const std::string folder = base.path() + "/state/redis";
  auto redis = Started(folder);
  ASSERT_NE(redis, nullptr);
  const RedisEndpoint endpoint = redis->endpoint();
  EXPECT_EQ(Config(endpoint, "port"), "0");
  EXPECT_EQ(Config(endpoint, "appendonly"), "yes");
  EXPECT_EQ(Config(endpoint, "appendfsync"), "always");
  EXPECT_EQ(Config(endpoint, "save"), "");
  EXPECT_EQ(Config(endpoint, "maxmemory-policy"), "noeviction");
  EXPECT_EQ(ModeOf(folder), 0700u);
  EXPECT_EQ(ModeOf(endpoint.socket), 0600u);
  EXPECT_EQ(ModeOf(folder + "/redis.conf"), 0600u);
  EXPECT_EQ(ModeOf(folder + "/redis.log"), 0600u);
}

TEST(EmbeddedRedisTest, TheServerIsApartFromTheTerminalAndFromOurFiles) {
  TemporaryFolder folder;
  // Not closed by exec, as a careless library leaves them.
  const int leaked = dup(STDERR_FILENO);
  setenv("RM_REDIS_URL", "redis://:hush@host", 1);
  auto redis = Started(folder.path());
  unsetenv("RM_REDIS_URL");
  ASSERT_NE(redis, nullptr);
  const pid_t server = ServerOf(redis->endpoint());
  EXPECT_EQ(getpgid(server), server);
  std::error_code error;
  const std::string link = std::filesystem::read_symlink(
      absl::StrCat("/proc/", server, "/fd/", leaked), error);
  EXPECT_NE(link, std::filesystem::read_symlink("/proc/self/fd/2").string());
  std::ifstream environment(absl::StrCat("/proc/", server, "/environ"));
  const std::string text((std::istreambuf_iterator<char>(environment)), {});
  EXPECT_EQ(text.find("hush"), std::string::npos);
  close(leaked);
}

TEST(EmbeddedRedisTest, DataIsThereAgainAndNoServerStays) {
  TemporaryFolder folder;
  auto redis = Started(folder.path());
  ASSERT_NE(redis, nullptr);
  const pid_t server = ServerOf(redis->endpoint());
  ASSERT_TRUE(NewRedisJournal(redis->endpoint())->Own(Record()).ok());
  redis.reset();
  EXPECT_TRUE(HasEnded(server));
  redis = Started(folder.path());
  ASSERT_NE(redis, nullptr);
  auto run = NewRedisJournal(redis->endpoint())->FindUnfinished("id");
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(*run, "7F3K");
}

TEST(EmbeddedRedisTest, AServerThatIsKilledIsStartedAgain) {
  TemporaryFolder folder;
  auto redis = Started(folder.path());
  ASSERT_NE(redis, nullptr);
  auto journal = NewRedisJournal(redis->endpoint());
  const auto run = journal->Own(Record()).value();
  for (int round = 0; round < 2; ++round) {
    const pid_t server = ServerOf(redis->endpoint());
    ASSERT_GT(server, 0);
    kill(server, SIGKILL);
    ASSERT_TRUE(Eventually([&] {
      const pid_t now = ServerOf(redis->endpoint());
      return now != 0 && now != server;
    }));
    EXPECT_TRUE(Eventually([&] { return run->Renew().ok(); }));
  }
}

// Standard output of a redis_holder; the program ends with the object.
class Holder {
 public:
  explicit Holder(const std::string& folder) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    std::string program = "coordinator/journal/redis_holder";
    std::string argument = folder;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments,
                    environ) != 0) {
      abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    char text[6];
    ready_ = read(ends[0], text, sizeof(text)) == sizeof(text);
    close(ends[0]);
  }
  ~Holder() { Kill(); }

  bool ready() const { return ready_; }
  void Kill() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  bool ready_ = false;
};

TEST(EmbeddedRedisTest, TheServerEndsWithACoordinatorThatIsKilled) {
  TemporaryFolder folder;
  RedisEndpoint endpoint;
  endpoint.socket = SocketPath(folder.path());
  Holder holder(folder.path());
  ASSERT_TRUE(holder.ready());
  const pid_t server = ServerOf(endpoint);
  ASSERT_GT(server, 0);
  holder.Kill();
  EXPECT_TRUE(Eventually([&] { return HasEnded(server); }));
}

TEST(EmbeddedRedisTest, TheNextOneStartsAtOnceAfterAKill) {
  TemporaryFolder folder;
  for (int round = 0; round < 3; ++round) {
    Holder holder(folder.path());
    ASSERT_TRUE(holder.ready());
    holder.Kill();
    const absl::Time begin = absl::Now();
    auto redis = Started(folder.path());
    ASSERT_NE(redis, nullptr);
    // Far below any lease; the usual is some 20 ms.
    EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
    auto journal = NewRedisJournal(redis->endpoint());
    const auto run = journal->Own(Record()).value();
    EXPECT_TRUE(run->Finish().ok());
  }
}

TEST(EmbeddedRedisTest, OneFolderHasOneServerWhichTheSecondTakesOver) {
  TemporaryFolder folder;
  auto first = Started(folder.path());
  ASSERT_NE(first, nullptr);
  auto second = Started(folder.path());
  ASSERT_NE(second, nullptr);
  const pid_t server = ServerOf(first->endpoint());
  EXPECT_EQ(ServerOf(second->endpoint()), server);
  auto journal = NewRedisJournal(second->endpoint());
  const auto run = journal->Own(Record()).value();
  first.reset();
  EXPECT_TRUE(Eventually([&] { return run->Renew().ok(); }));
  EXPECT_NE(ServerOf(second->endpoint()), server);
}

TEST(EmbeddedRedisTest, ASecondTakesOverFromOneThatIsKilled) {
  TemporaryFolder folder;
  Holder holder(folder.path());
  ASSERT_TRUE(holder.ready());
  auto second = Started(folder.path());
  ASSERT_NE(second, nullptr);
  holder.Kill();
  auto journal = NewRedisJournal(second->endpoint());
  EXPECT_TRUE(Eventually([&] { return journal->Own(Record()).ok(); }));
}

TEST(EmbeddedRedisTest, FoldersMayHaveLongOrStrangeNames) {
  TemporaryFolder base;
  std::string socket;
  for (const std::string& name :
       {std::string(120, 'x'), std::string("a \"b\" \\ # \xc3\xa9 '\n")}) {
    auto redis = Started(base.path() + "/" + name);
    ASSERT_NE(redis, nullptr);
    EXPECT_LE(redis->endpoint().socket.size(), 100u);
    EXPECT_TRUE(NewRedisJournal(redis->endpoint())->Own(Record()).ok());
    if (socket.empty()) socket = redis->endpoint().socket;
  }
  // The short folder under /tmp is gone with its server.
  EXPECT_FALSE(
      std::filesystem::exists(std::filesystem::path(socket).parent_path()));
}

TEST(EmbeddedRedisTest, SignalsThatTheCallerBlocksReachTheServer) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  TemporaryFolder folder;
  auto redis = Started(folder.path());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_NE(redis, nullptr);
  const pid_t server = ServerOf(redis->endpoint());
  const absl::Time begin = absl::Now();
  redis.reset();
  // By SIGTERM, not by SIGKILL after 5 s.
  EXPECT_LT(absl::Now() - begin, absl::Seconds(4));
  EXPECT_TRUE(HasEnded(server));
}

TEST(EmbeddedRedisTest, AMissingProgramIsExplained) {
  TemporaryFolder folder;
  const std::string path = getenv("PATH");
  setenv("PATH", folder.path().c_str(), 1);
  const absl::Status status = EmbeddedRedis::Start(folder.path()).status();
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(status.message(),
            "redis-server is not installed: apt-get install redis-server, or "
            "give --redis URL");
}

TEST(EmbeddedRedisTest, AFolderThatCannotBeMadeIsExplained) {
  const absl::Status status =
      EmbeddedRedis::Start("/proc/no-such/redis").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("/proc/no-such"));
}

// The incremental append-only file in a folder where a run was written.
std::string WriteRun(const std::string& folder) {
  auto redis = Started(folder);
  if (redis == nullptr) return "";
  auto journal = NewRedisJournal(redis->endpoint());
  const auto run = journal->Own(Record()).value();
  for (uint32_t i = 0; i < 10; ++i) {
    Commit commit;
    commit.shards.emplace_back(i, proto::Shard());
    EXPECT_TRUE(run->Write(commit).ok());
  }
  return folder + "/appendonlydir/appendonly.aof.1.incr.aof";
}

TEST(EmbeddedRedisTest, ATailThatACrashCutOffIsDropped) {
  TemporaryFolder folder;
  const std::string file = WriteRun(folder.path());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
  auto redis = Started(folder.path());
  ASSERT_NE(redis, nullptr);
  RedisConnection connection(redis->endpoint());
  auto shards = connection.Run({"HLEN", "rm:{7F3K}:shards"});
  ASSERT_TRUE(shards.ok()) << shards.status();
  EXPECT_EQ(shards->integer, 9);
}

TEST(EmbeddedRedisTest, WhatARewritingThatWasKilledLeftIsRemoved) {
  TemporaryFolder temporary;
  const std::string folder = temporary.path();
  ASSERT_NE(Started(folder), nullptr);
  const std::string left = folder + "/temp-rewriteaof-bg-17.aof";
  const std::string manifest =
      folder + "/appendonlydir/temp-appendonly.aof.manifest";
  std::ofstream(left) << "x";
  std::ofstream(manifest) << "x";
  ASSERT_NE(Started(folder), nullptr);
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_FALSE(std::filesystem::exists(manifest));
}

TEST(EmbeddedRedisTest, DamageInTheMiddleIsExplained) {
  TemporaryFolder folder;
  const std::string path = WriteRun(folder.path());
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<int64_t>(std::filesystem::file_size(path) / 2));
  file << "\n\nrubbish\n\n";
  file.close();
  const absl::Status status = EmbeddedRedis::Start(folder.path()).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("redis-check-aof"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder.path()));
}

// The size limit stands in for a full disk: writes of the file fail.
TEST(EmbeddedRedisTest, AFullDiskIsOutlived) {
  TemporaryFolder folder;
  auto redis = Started(folder.path());
  ASSERT_NE(redis, nullptr);
  auto journal = NewRedisJournal(redis->endpoint());
  const auto run = journal->Own(Record()).value();
  const rlimit small = {4096, RLIM_INFINITY};
  const pid_t server = ServerOf(redis->endpoint());
  ASSERT_EQ(prlimit(server, RLIMIT_FSIZE, &small, nullptr), 0);
  Commit commit;
  commit.shards.emplace_back(0, proto::Shard());
  commit.shards[0].second.add_entries()->set_repository(
      std::string(20000, 'x'));
  EXPECT_TRUE(absl::IsUnavailable(run->Write(commit)));
  ASSERT_TRUE(Eventually([&] { return run->Write(commit).ok(); }));
  auto state = run->Read();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->shards, 1u);
}

TEST(EmbeddedRedisTest, StartingIsQuick) {
  TemporaryFolder folder;
  WriteRun(folder.path());
  // The best of some: other programs may keep the machine busy.
  absl::Duration best = absl::InfiniteDuration();
  for (int round = 0; round < 5; ++round) {
    const absl::Time begin = absl::Now();
    auto redis = Started(folder.path());
    best = std::min(best, absl::Now() - begin);
  }
  EXPECT_LT(best, absl::Milliseconds(150));
  RecordProperty("start", absl::FormatDuration(best));
}

TEST(FileLockTest, IsHeldByOne) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/lock";
  auto first = FileLock::Try(path);
  ASSERT_TRUE(first.ok() && first->has_value());
  auto second = FileLock::Try(path);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->has_value());
  first->reset();
  second = FileLock::Try(path);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->has_value());
}

}  // namespace
}  // namespace registry_manager
