// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/journal/commit_check.h"
#include "coordinator/journal/counts.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/task_place.h"

namespace registry_manager {
namespace {

struct Run {
  proto::RunRecord record;
  uint64_t epoch = 0;
  proto::Counts totals;
  std::map<uint32_t, proto::Shard> shards;
  std::map<uint32_t, proto::Listing> listings;
  std::map<TaskPlace, TaskState> outcomes;
  std::map<TaskPlace, Attempts> attempts;
};

// The state that all runs of a journal share.
struct Memory {
  // Guards everything, also what a MemoryRunJournal has.
  std::mutex mutex;
  absl::flat_hash_map<std::string, Run> runs;
  absl::flat_hash_map<std::string, std::string> identities;
  std::map<std::pair<std::string, std::string>, proto::Intent> intents;
  uint64_t epoch = 0;
};

std::pair<std::string, std::string> IntentKey(absl::string_view registry,
                                              absl::string_view repository) {
  return {std::string(registry), std::string(repository)};
}

void Flip(const Outcome& outcome, const proto::Counts& counts, Run* run) {
  const TaskPlace task = {outcome.shard, outcome.index};
  const auto [state, is_new] = run->outcomes.emplace(task, outcome.state);
  if (!is_new) {
    if (state->second != TaskState::kSplit ||
        outcome.state == TaskState::kSplit) {
      return;
    }
    state->second = outcome.state;
  }
  for (const auto& [field, count] : CountFields(counts)) {
    AddToCount(field, count, &run->totals);
  }
  if (outcome.state != TaskState::kSplit) run->attempts.erase(task);
}

class MemoryRunJournal : public RunJournal {
 public:
  MemoryRunJournal(Memory* memory, std::string run, uint64_t epoch)
      : memory_(*memory), run_(std::move(run)), epoch_(epoch) {}

  absl::Status Renew() override {
    const std::lock_guard lock(memory_.mutex);
    return Owned().status();
  }

  absl::StatusOr<RunState> Read() override {
    const std::lock_guard lock(memory_.mutex);
    ASSIGN_OR_RETURN(Run* const run, Owned());
    RunState state;
    state.record = run->record;
    state.totals = run->totals;
    const auto& shards = run->shards;
    state.shards = shards.empty() ? 0 : shards.rbegin()->first + 1;
    state.listings.assign(run->listings.begin(), run->listings.end());
    for (const auto& [task, attempts] : run->attempts) {
      state.attempts.push_back(attempts);
    }
    return state;
  }

  absl::StatusOr<proto::Shard> ReadShard(uint32_t shard) override {
    const std::lock_guard lock(memory_.mutex);
    ASSIGN_OR_RETURN(Run* const run, Owned());
    const auto found = run->shards.find(shard);
    if (found == run->shards.end()) {
      return absl::NotFoundError(
          absl::StrCat("run ", run_, " has no shard ", shard));
    }
    return found->second;
  }

  absl::StatusOr<std::vector<TaskState>> ReadOutcomes(uint32_t shard,
                                                      uint32_t tasks) override {
    const std::lock_guard lock(memory_.mutex);
    ASSIGN_OR_RETURN(Run* const run, Owned());
    std::vector<TaskState> states(tasks, TaskState::kPending);
    const auto& outcomes = run->outcomes;
    for (auto i = outcomes.lower_bound({shard, 0});
         i != outcomes.end() && i->first.shard == shard; ++i) {
      if (i->first.index < tasks) states[i->first.index] = i->second;
    }
    return states;
  }

  absl::Status Write(const Commit& commit) override {
    const std::lock_guard lock(memory_.mutex);
    ASSIGN_OR_RETURN(Run* const owned, Owned());
    RETURN_IF_ERROR(CheckCommit(commit));
    Run& run = *owned;
    std::set<uint32_t> added;
    for (const auto& [number, shard] : commit.shards) added.insert(number);
    for (const Outcome& outcome : commit.outcomes) {
      if (added.count(outcome.shard) == 0 &&
          run.shards.count(outcome.shard) == 0) {
        return UnknownShardError(outcome.shard);
      }
    }
    run.shards.insert(commit.shards.begin(), commit.shards.end());
    for (const auto& [stream, listing] : commit.listings) {
      run.listings[stream] = listing;
    }
    for (size_t i = 0; i < commit.outcomes.size(); ++i) {
      Flip(commit.outcomes[i],
           commit.counts.empty() ? proto::Counts() : commit.counts[i], &run);
    }
    return absl::OkStatus();
  }

  absl::Status WriteAttempts(const Attempts& attempts) override {
    const std::lock_guard lock(memory_.mutex);
    ASSIGN_OR_RETURN(Run* const run, Owned());
    run->attempts[{attempts.shard, attempts.index}] = attempts;
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<proto::Intent>> ReadIntent(
      absl::string_view registry, absl::string_view repository) override {
    const std::lock_guard lock(memory_.mutex);
    const auto found = memory_.intents.find(IntentKey(registry, repository));
    if (found == memory_.intents.end()) return std::nullopt;
    return found->second;
  }

  absl::Status WriteIntent(absl::string_view registry,
                           absl::string_view repository,
                           const proto::Intent* intent) override {
    const std::lock_guard lock(memory_.mutex);
    const absl::StatusOr<Run*> run = Owned();
    if (!run.ok()) return run.status();
    const auto key = IntentKey(registry, repository);
    if (intent == nullptr) {
      memory_.intents.erase(key);
    } else {
      memory_.intents[key] = *intent;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    const std::lock_guard lock(memory_.mutex);
    ASSIGN_OR_RETURN(Run* const run, Owned());
    memory_.identities.erase(run->record.identity());
    memory_.runs.erase(run_);
    is_given_up_ = true;
    return absl::OkStatus();
  }

  absl::Status Release() override {
    const std::lock_guard lock(memory_.mutex);
    is_given_up_ = true;
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Run*> Owned() {
    const auto found = memory_.runs.find(run_);
    if (is_given_up_ || found == memory_.runs.end()) return NotOwnedError();
    if (found->second.epoch != epoch_) {
      return absl::AbortedError(
          absl::StrCat("run ", run_, ": another coordinator owns it"));
    }
    return &found->second;
  }

  Memory& memory_;
  const std::string run_;
  const uint64_t epoch_;
  bool is_given_up_ = false;
};

class MemoryJournal : public Journal {
 public:
  absl::StatusOr<std::optional<std::string>> FindUnfinished(
      absl::string_view identity) override {
    const std::lock_guard lock(memory_.mutex);
    const auto found = memory_.identities.find(identity);
    if (found == memory_.identities.end()) return std::nullopt;
    return found->second;
  }

  absl::StatusOr<std::unique_ptr<RunJournal>> Own(
      const proto::RunRecord& record) override {
    const std::lock_guard lock(memory_.mutex);
    if (!memory_.runs.contains(record.run())) {
      const auto [other, is_new] =
          memory_.identities.emplace(record.identity(), record.run());
      if (!is_new) {
        return absl::FailedPreconditionError(
            absl::StrCat("run ", other->second, " of ", record.config(),
                         " is unfinished: resume or finish that"));
      }
      memory_.runs[record.run()].record = record;
    }
    const uint64_t epoch = ++memory_.epoch;
    memory_.runs[record.run()].epoch = epoch;
    return std::make_unique<MemoryRunJournal>(&memory_, record.run(), epoch);
  }

  absl::StatusOr<uint64_t> NextEpoch() override {
    const std::lock_guard lock(memory_.mutex);
    return ++memory_.epoch;
  }

  absl::StatusOr<std::set<std::string>> RunsInUse() override {
    const std::lock_guard lock(memory_.mutex);
    std::set<std::string> runs;
    for (const auto& [identity, run] : memory_.identities) runs.insert(run);
    for (const auto& [repository, intent] : memory_.intents) {
      runs.insert(intent.run());
    }
    return runs;
  }

 private:
  Memory memory_;
};

}  // namespace

std::unique_ptr<Journal> NewMemoryJournal() {
  return std::make_unique<MemoryJournal>();
}

}  // namespace registry_manager
