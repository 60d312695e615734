// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// This file ends a run's tasks, and handles registries that fail the run.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/run/counts.h"
#include "coordinator/run/name_hash.h"
#include "coordinator/run/run.h"

namespace registry_manager {
namespace {

// No catalogue has so many; one that goes on in a circle does.
constexpr uint32_t kMaxPages = 100000;

TaskState StateOf(const proto::TaskResult& result) {
  if (result.outcome() == proto::TaskResult::FAILED ||
      result.counts().failed() > 0) {
    return TaskState::kDead;
  }
  return result.outcome() == proto::TaskResult::SKIPPED ? TaskState::kSkipped
                                                        : TaskState::kDone;
}

}  // namespace

bool Run::End(const TaskKey& key, const proto::TaskResult& result,
              Commit& commit) {
  const auto found = dispatched_.find(key);
  if (found == dispatched_.end()) return false;
  const size_t stream = found->second.stream;
  const std::string repository = found->second.repository;
  if (key.shard >= kListingShards) {
    EndListing(stream, result, commit);
    return true;
  }
  Count(stream, result.counts());
  if (in_flight_[stream] > 0) --in_flight_[stream];
  const bool is_split = result.outcome() == proto::TaskResult::SPLIT &&
                        result.batches_size() > 0 &&
                        !streams_[stream].shards().at(key.shard).is_batches;
  if (is_split) {
    EndSplit(stream, key, repository, result, commit);
  } else {
    EndTask(stream, key, StateOf(result), result.counts(), commit);
    StreamState& state = streams_[stream];
    const bool skipped = result.outcome() == proto::TaskResult::SKIPPED;
    if (state.stopped && skipped) ++state.not_carried_out;
  }
  return true;
}

void Run::EndSplit(size_t stream, const TaskKey& key,
                   const std::string& repository,
                   const proto::TaskResult& result, Commit& commit) {
  commit.outcomes.push_back({key.shard, key.index, TaskState::kSplit});
  commit.counts.push_back(result.counts());
  streams_[stream].SetState(key.shard, key.index, TaskState::kSplit);
  proto::Shard shard;
  shard.add_entries()->set_repository(repository);
  shard.mutable_parent()->set_run(id_);
  shard.mutable_parent()->set_shard(key.shard);
  shard.mutable_parent()->set_index(key.index);
  *shard.mutable_batches() = result.batches();
  if (result.counts().failed() > 0) {
    shard.set_parent_failed(true);
    RememberFailedSync(streams_[stream].spec(), repository);
  }
  Freeze(stream, std::move(shard), commit);
}

void Run::EndTask(size_t stream, const TaskKey& key, TaskState state,
                  const proto::Counts& counts, Commit& commit) {
  StreamState& stream_state = streams_[stream];
  commit.outcomes.push_back({key.shard, key.index, state});
  commit.counts.push_back(counts);
  stream_state.SetState(key.shard, key.index, state);
  if (state == TaskState::kDead) {
    RememberFailedSync(stream_state.spec(), dispatched_[key].repository);
  }
  const ShardProgress& progress = stream_state.shards().at(key.shard);
  if (progress.is_batches && progress.ended == progress.states.size()) {
    EndParent(stream, progress, commit);
  }
}

void Run::EndParent(size_t stream, const ShardProgress& batches,
                    Commit& commit) {
  const TaskState state = batches.dead > 0 || batches.parent_failed
                              ? TaskState::kDead
                              : TaskState::kDone;
  commit.outcomes.push_back(
      {batches.parent_shard, batches.parent_index, state});
  commit.counts.emplace_back();
  streams_[stream].SetState(batches.parent_shard, batches.parent_index, state);
}

void Run::EndListing(size_t stream, const proto::TaskResult& result,
                     Commit& commit) {
  StreamState& state = streams_[stream];
  listing_sent_[stream] = false;
  // FailListing counts the failure itself.
  const proto::Counts counts = LastingCounts(result.counts());
  Count(stream, counts);
  AddCounts(counts, *state.listing.mutable_counts());
  if (result.outcome() == proto::TaskResult::FAILED) {
    FailListing(stream, result.problem().message());
    return;
  }
  if (result.listed_again()) state.listing.set_seen(0);
  const std::vector<std::string> names = state.TakeNewNames(
      {result.repositories().begin(), result.repositories().end()});
  for (size_t first = 0; first < names.size(); first += kMaxShard) {
    proto::Shard shard;
    const size_t last = std::min(first + kMaxShard, names.size());
    for (size_t i = first; i < last; ++i) {
      proto::RepositoryEntry& entry = *shard.add_entries();
      entry.set_repository(names[i]);
      entry.set_whole(true);
    }
    Freeze(stream, std::move(shard), commit);
  }
  state.listing.set_cursor(result.next_cursor());
  state.listing.set_complete(result.next_cursor().empty());
  commit.listings.emplace_back(stream, state.listing);
  if (state.listing.complete()) return;
  // A listing that began again brings what is known, until it is past that.
  if (names.empty() && state.ListedPastKnownNames()) {
    FailListing(stream,
                absl::StrCat("the catalogue of ", state.spec().registry,
                             " goes round in circles: a page brings nothing "
                             "new, and names a next one; name the "
                             "repositories under 'repositories'"));
  } else if (listing_pages_[stream] >= kMaxPages) {
    FailListing(stream, absl::StrCat("the catalogue of ", state.spec().registry,
                                     " does not end after ", kMaxPages,
                                     " pages; name the repositories under "
                                     "'repositories'"));
  }
}

// Not journalled: the next submit, should this one be cut short, tries again.
void Run::FailListing(size_t stream, std::string reason) {
  streams_[stream].listing_failed = true;
  streams_[stream].problem = std::move(reason);
  proto::Counts failure;
  failure.set_failed(1);
  Count(stream, failure);
}

void Run::RememberFailedSync(const WorkStream& stream,
                             const std::string& repository) {
  if (stream.kind != WorkStream::Kind::kSync) return;
  failed_syncs_.insert(NameHash(RepositoryId(stream.registry, repository)));
  const std::string target =
      RenameRepository(repository, stream.rename).value_or(repository);
  failed_syncs_.insert(NameHash(RepositoryId(stream.target, target)));
}

void Run::SetAside(const std::string& registry, const std::string& reason) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    StreamState& state = streams_[i];
    const std::vector<std::string> touched = state.spec().registries();
    if (HasEnded(i) ||
        std::find(touched.begin(), touched.end(), registry) == touched.end()) {
      continue;
    }
    state.set_aside = true;
    state.problem = reason;
  }
  for (StreamState& state : streams_) {
    if (!state.set_aside && AwaitsSetAside(state.spec())) {
      state.problem = "not begun: the sync before it was set aside";
    }
  }
}

void Run::StopDeletes(const std::string& registry, const std::string& reason,
                      Commit& commit) {
  for (size_t stream = 0; stream < streams_.size(); ++stream) {
    StreamState& state = streams_[stream];
    if (state.spec().kind != WorkStream::Kind::kDelete ||
        state.spec().registry != registry || state.stopped) {
      continue;
    }
    state.StopDeletes(reason);
    commit.listings.emplace_back(stream, state.listing);
  }
}

}  // namespace registry_manager
