// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_RUN_FIXTURE_FOR_TEST_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_RUN_FIXTURE_FOR_TEST_H_

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/journal/journal.h"
#include "coordinator/run/run.h"

namespace registry_manager {

inline constexpr char kA[] = "https://a.example";
inline constexpr char kB[] = "https://b.example";

using Names = std::vector<std::string>;

// A journal in memory that can be made to fail as Redis does when it is away.
class JournalForTest : public RunJournal {
 public:
  explicit JournalForTest(const std::string& run = "RUN1")
      : memory_(NewMemoryJournal()) {
    proto::RunRecord record;
    record.set_run(run);
    record.set_identity("identity");
    auto journal = memory_->Own(record);
    EXPECT_TRUE(journal.ok());
    journal_ = *std::move(journal);
  }

  // So many reads of shards succeed, the one after fails.
  std::atomic<int> reads_until_failure = -1;
  // So many writes fail.
  std::atomic<int> failing_writes = 0;
  // Called on the thread that writes.
  std::function<void()> on_failed_write = [] {};
  // So many reads of intents fail.
  std::atomic<int> failing_intents = 0;
  // Called on the thread that reads.
  std::function<void()> on_read_intent = [] {};

  absl::StatusOr<proto::Shard> ReadShard(uint32_t shard) override {
    if (reads_until_failure >= 0 && reads_until_failure-- == 0) return Away();
    return journal_->ReadShard(shard);
  }
  absl::Status Write(const Commit& commit) override {
    if (failing_writes > 0) {
      --failing_writes;
      on_failed_write();
      return Away();
    }
    return journal_->Write(commit);
  }

  absl::Status Renew() override { return journal_->Renew(); }
  absl::StatusOr<RunState> Read() override { return journal_->Read(); }
  absl::StatusOr<std::vector<TaskState>> ReadOutcomes(uint32_t shard,
                                                      uint32_t tasks) override {
    return journal_->ReadOutcomes(shard, tasks);
  }
  absl::Status WriteAttempts(const Attempts& attempts) override {
    return journal_->WriteAttempts(attempts);
  }
  absl::StatusOr<std::optional<proto::Intent>> ReadIntent(
      absl::string_view registry, absl::string_view repository) override {
    on_read_intent();
    if (failing_intents > 0) {
      --failing_intents;
      return Away();
    }
    return journal_->ReadIntent(registry, repository);
  }
  absl::Status WriteIntent(absl::string_view registry,
                           absl::string_view repository,
                           const proto::Intent* intent) override {
    return journal_->WriteIntent(registry, repository, intent);
  }
  absl::Status Finish() override { return journal_->Finish(); }
  absl::Status Release() override { return journal_->Release(); }

 private:
  static absl::Status Away() { return absl::UnavailableError("away"); }

  const std::unique_ptr<Journal> memory_;
  std::unique_ptr<RunJournal> journal_;
};

// Streams.

inline WorkStream StreamFor(WorkStream::Kind kind, const std::string& registry,
                            const std::string& target = "") {
  WorkStream stream;
  stream.kind = kind;
  stream.registry = registry;
  stream.target = target;
  stream.dry_run = false;
  return stream;
}

inline WorkStream Naming(WorkStream stream, const Names& repositories) {
  stream.entries.emplace();
  for (const std::string& name : repositories) {
    stream.entries->emplace_back().set_repository(name);
    stream.entries->back().set_whole(true);
  }
  return stream;
}

// Results.

inline proto::TaskResult Done() {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::DONE);
  return result;
}

// Carried out, though one of its actions failed.
inline proto::TaskResult DoneWithFailure() {
  proto::TaskResult result = Done();
  result.mutable_counts()->set_failed(1);
  return result;
}

inline proto::TaskResult Failed(const std::string& why) {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::FAILED);
  result.mutable_problem()->set_message(why);
  return result;
}

inline proto::TaskResult Page(const Names& names, const std::string& cursor) {
  proto::TaskResult result = Done();
  for (const std::string& name : names) result.add_repositories(name);
  result.set_next_cursor(cursor);
  return result;
}

inline proto::TaskResult SplitInto(const Names& tags) {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::SPLIT);
  for (const std::string& tag : tags) result.add_batches()->add_tags(tag);
  return result;
}

// "sync a.example/app", "batch a.example/app 1.0", "page b.example CURSOR".
inline std::string Describe(const proto::Task& task) {
  const auto host = [](const std::string& id) { return id.substr(8); };
  if (task.has_list_catalog()) {
    return absl::StrCat("page ", host(task.list_catalog().registry()), " ",
                        task.list_catalog().cursor());
  }
  if (task.has_delete_repository()) {
    const proto::DeleteRepository& one = task.delete_repository();
    return absl::StrCat("delete ", host(one.registry()), "/",
                        one.entry().repository());
  }
  if (task.has_sync_batch()) {
    return absl::StrCat("batch ", host(task.sync_batch().source()), "/",
                        task.sync_batch().repository(), " ",
                        absl::StrJoin(task.sync_batch().tags(), ","));
  }
  return absl::StrCat("sync ", host(task.sync_repository().source()), "/",
                      task.sync_repository().entry().repository());
}

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_RUN_FIXTURE_FOR_TEST_H_
