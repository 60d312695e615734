// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// A run that goes on from what the journal holds.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/run/counts.h"
#include "coordinator/run/run.h"

namespace registry_manager {

absl::Status Run::CheckStreams(const proto::RunRecord& record) const {
  // Format 1 does not name them.
  if (record.streams().empty()) return absl::OkStatus();
  const bool fits =
      std::equal(record.streams().begin(), record.streams().end(),
                 streams_.begin(), streams_.end(),
                 [](const proto::StreamName& name, const StreamState& state) {
                   return name.SerializeAsString() ==
                          state.spec().name().SerializeAsString();
                 });
  if (fits) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("run ", id_,
                   " cannot be resumed: the version of "
                   "registry-manager that began it divides this config in "
                   "another way; finish it with that version, or plan anew "
                   "with --fresh"));
}

absl::Status Run::Restore(RunJournal& journal, const RunState& state,
                          Commit& commit) {
  // Guard: streams-are-those-of-the-journal
  RETURN_IF_ERROR(CheckStreams(state.record));
  totals = state.totals;
  for (const auto& [stream, listing] : state.listings) {
    if (stream < streams_.size()) streams_[stream].Restore(listing);
    AddCounts(listing.counts(), totals);
    if (stream < streams_.size()) {
      AddCounts(listing.counts(), streams_[stream].counts);
    }
  }
  for (const Attempts& attempts : state.attempts) {
    attempts_[{attempts.shard, attempts.index}] = attempts;
  }
  for (uint32_t number = 0; number < state.shards; ++number) {
    absl::StatusOr<proto::Shard> shard = journal.ReadShard(number);
    absl::Status status = shard.status();
    if (status.ok()) status = RestoreShard(number, *shard, journal);
    if (!status.ok()) return status;
  }
  EndOrphanedParents(commit);
  return absl::OkStatus();
}

absl::Status Run::RestoreShard(uint32_t number, const proto::Shard& shard,
                               RunJournal& journal) {
  const absl::Status status = CheckShard(number, shard);
  if (!status.ok()) return status;
  const size_t stream = shard.stream();
  stream_of_shard_.push_back(stream);
  StreamState& stream_state = streams_[stream];
  const bool batches = shard.has_parent();
  if (batches) {
    stream_state.AddBatches(number, shard);
  } else {
    stream_state.AddRepositories(number, shard);
  }
  const uint32_t tasks = batches ? shard.batches_size() : shard.entries_size();
  ASSIGN_OR_RETURN(std::vector<TaskState> outcomes,
                   journal.ReadOutcomes(number, tasks));
  for (uint32_t index = 0; index < tasks; ++index) {
    const TaskState task = outcomes[index];
    // Guard: takeover-repeats-nothing
    stream_state.SetState(number, index, task);
    // Guard: takeover-knows-failed-syncs
    if (task == TaskState::kDead) {
      RememberFailedSync(
          stream_state.spec(),
          shard.entries(batches ? 0 : static_cast<int>(index)).repository());
    }
    if (batches || task == TaskState::kPending) continue;
    ended_before_ += task != TaskState::kSplit;
  }
  if (shard.parent_failed()) {
    RememberFailedSync(stream_state.spec(), shard.entries(0).repository());
  }
  return absl::OkStatus();
}

// Finds damage that parsing does not find, such as a bit that flipped or a
// change by hand.
absl::Status Run::CheckShard(uint32_t number, const proto::Shard& shard) const {
  const auto damaged = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat("the journal of run ", id_,
                                            " is damaged: shard ", number, " ",
                                            what, "; plan anew with --fresh"));
  };
  if (shard.stream() >= streams_.size()) {
    return absl::DataLossError(
        absl::StrCat("the journal of run ", id_,
                     " does not fit its config; submit with "
                     "--fresh to plan anew"));
  }
  if (shard.entries().empty()) return damaged("names no repository");
  if (!shard.has_parent()) return absl::OkStatus();
  if (shard.batches().empty()) return damaged("has no batches");
  const uint32_t parent = shard.parent().shard();
  if (parent >= stream_of_shard_.size() ||
      stream_of_shard_[parent] != shard.stream()) {
    return damaged("belongs to a task that is not there");
  }
  const ShardProgress& parents = streams_[shard.stream()].shards().at(parent);
  if (parents.is_batches || shard.parent().index() >= parents.states.size()) {
    return damaged("belongs to a task that is not there");
  }
  return absl::OkStatus();
}

// The last batch's outcome and its parent's may have been written in two steps.
void Run::EndOrphanedParents(Commit& commit) {
  for (size_t stream = 0; stream < streams_.size(); ++stream) {
    auto& shards = streams_[stream].shards();
    for (const auto& [number, progress] : shards) {
      if (!progress.is_batches || progress.ended < progress.states.size()) {
        continue;
      }
      const ShardProgress& parents = shards.at(progress.parent_shard);
      if (parents.states.at(progress.parent_index) == TaskState::kSplit) {
        EndParent(stream, progress, commit);
      }
    }
  }
}

bool Run::IsJournalled(uint32_t shard, uint32_t index) const {
  if (shard >= stream_of_shard_.size()) return false;
  const std::vector<TaskState>& states =
      streams_[stream_of_shard_[shard]].shards().at(shard).states;
  return index < states.size() && states[index] != TaskState::kPending;
}

void Run::RememberCounts(uint32_t shard, const proto::Counts& counts) {
  AddCounts(counts, streams_[stream_of_shard_[shard]].counts);
}

}  // namespace registry_manager
