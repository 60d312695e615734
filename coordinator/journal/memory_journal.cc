// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "coordinator/journal/commit_check.h"
#include "coordinator/journal/counts.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {
namespace {

using TaskKey = std::pair<uint32_t, uint32_t>;

struct Run {
  proto::RunRecord record;
  proto::Counts totals;
  std::map<uint32_t, proto::Shard> shards;
  std::map<uint32_t, proto::Listing> listings;
  std::map<TaskKey, TaskState> outcomes;
  std::map<TaskKey, Attempts> attempts;
};

class MemoryJournal : public Journal {
 public:
  absl::StatusOr<std::optional<std::string>> FindUnfinished(
      absl::string_view identity) override {
    const auto found = identities_.find(identity);
    if (found == identities_.end()) return std::nullopt;
    return found->second;
  }

  absl::StatusOr<uint64_t> Own(const proto::RunRecord& record) override {
    if (!runs_.contains(record.run())) {
      const auto [other, is_new] =
          identities_.emplace(record.identity(), record.run());
      if (!is_new) {
        return absl::FailedPreconditionError(
            absl::StrCat("run ", other->second, " of ", record.config(),
                         " is unfinished: resume or finish that"));
      }
      runs_[record.run()].record = record;
    }
    owned_ = record.run();
    return ++epoch_;
  }

  absl::Status Renew() override { return CheckOwned(); }

  absl::StatusOr<RunState> Read() override {
    if (absl::Status status = CheckOwned(); !status.ok()) return status;
    const Run& run = runs_[*owned_];
    RunState state;
    state.record = run.record;
    state.totals = run.totals;
    state.shards = run.shards.empty() ? 0 : run.shards.rbegin()->first + 1;
    state.listings.assign(run.listings.begin(), run.listings.end());
    for (const auto& [task, attempts] : run.attempts) {
      state.attempts.push_back(attempts);
    }
    return state;
  }

  absl::StatusOr<proto::Shard> ReadShard(uint32_t shard) override {
    if (absl::Status status = CheckOwned(); !status.ok()) return status;
    const Run& run = runs_[*owned_];
    const auto found = run.shards.find(shard);
    if (found == run.shards.end()) {
      return absl::NotFoundError(
          absl::StrCat("run ", *owned_, " has no shard ", shard));
    }
    return found->second;
  }

  absl::StatusOr<std::vector<TaskState>> ReadOutcomes(uint32_t shard,
                                                      uint32_t tasks) override {
    if (absl::Status status = CheckOwned(); !status.ok()) return status;
    std::vector<TaskState> states(tasks, TaskState::kPending);
    const Run& run = runs_[*owned_];
    for (auto i = run.outcomes.lower_bound({shard, 0});
         i != run.outcomes.end() && i->first.first == shard; ++i) {
      if (i->first.second < tasks) states[i->first.second] = i->second;
    }
    return states;
  }

  absl::Status Write(const Commit& commit) override {
    if (absl::Status status = CheckOwned(); !status.ok()) return status;
    if (absl::Status status = CheckCommit(commit); !status.ok()) return status;
    Run& run = runs_[*owned_];
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
    if (absl::Status status = CheckOwned(); !status.ok()) return status;
    runs_[*owned_].attempts[{attempts.shard, attempts.index}] = attempts;
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<proto::Intent>> ReadIntent(
      absl::string_view registry, absl::string_view repository) override {
    const auto found = intents_.find(IntentKey(registry, repository));
    if (found == intents_.end()) return std::nullopt;
    return found->second;
  }

  absl::Status WriteIntent(absl::string_view registry,
                           absl::string_view repository,
                           const proto::Intent* intent) override {
    if (absl::Status status = CheckOwned(); !status.ok()) return status;
    const auto key = IntentKey(registry, repository);
    if (intent == nullptr) {
      intents_.erase(key);
    } else {
      intents_[key] = *intent;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::set<std::string>> RunsInUse() override {
    std::set<std::string> runs;
    for (const auto& [identity, run] : identities_) runs.insert(run);
    for (const auto& [repository, intent] : intents_) runs.insert(intent.run());
    return runs;
  }

  absl::Status Finish() override {
    if (absl::Status status = CheckOwned(); !status.ok()) return status;
    identities_.erase(runs_[*owned_].record.identity());
    runs_.erase(*owned_);
    owned_.reset();
    return absl::OkStatus();
  }

  absl::Status Release() override {
    owned_.reset();
    return absl::OkStatus();
  }

 private:
  static std::pair<std::string, std::string> IntentKey(
      absl::string_view registry, absl::string_view repository) {
    return {std::string(registry), std::string(repository)};
  }

  absl::Status CheckOwned() const {
    return owned_ ? absl::OkStatus() : NotOwnedError();
  }

  static void Flip(const Outcome& outcome, const proto::Counts& counts,
                   Run* run) {
    const TaskKey task = {outcome.shard, outcome.index};
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

  absl::flat_hash_map<std::string, Run> runs_;
  absl::flat_hash_map<std::string, std::string> identities_;
  std::map<std::pair<std::string, std::string>, proto::Intent> intents_;
  std::optional<std::string> owned_;
  uint64_t epoch_ = 0;
};

}  // namespace

std::unique_ptr<Journal> NewMemoryJournal() {
  return std::make_unique<MemoryJournal>();
}

}  // namespace registry_manager
