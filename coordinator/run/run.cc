// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/run.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/run/counts.h"
#include "coordinator/run/name_hash.h"

namespace registry_manager {
namespace {

// The most tasks of one stream that the scheduler holds at a time.
constexpr size_t kWindow = 256;
// The most tasks that one call refuses.
constexpr size_t kMaxRefused = 1024;

}  // namespace

Run::Run(std::string id, std::vector<WorkStream> streams)
    : id_(std::move(id)),
      listing_pages_(streams.size()),
      listing_sent_(streams.size()),
      checked_(streams.size()),
      in_flight_(streams.size()) {
  OrderStreams(streams);
  for (WorkStream& stream : streams) {
    RememberDeletes(stream);
    streams_.emplace_back(std::move(stream));
  }
}

void Run::Freeze(size_t stream, proto::Shard shard, Commit& commit) {
  const uint32_t number = stream_of_shard_.size();
  stream_of_shard_.push_back(stream);
  shard.set_stream(stream);
  if (shard.has_parent()) {
    streams_[stream].AddBatches(number, shard);
  } else {
    streams_[stream].AddRepositories(number, shard);
  }
  commit.shards.emplace_back(number, std::move(shard));
}

void Run::Begin(Commit& commit) {
  for (size_t stream = 0; stream < streams_.size(); ++stream) {
    const WorkStream& spec = streams_[stream].spec();
    if (!spec.entries) continue;
    const int count = static_cast<int>(spec.entries->size());
    for (int first = std::min(spec.start, count); first < count;
         first += kMaxShard) {
      proto::Shard shard;
      for (int i = first; i < std::min(first + kMaxShard, count); ++i) {
        *shard.add_entries() = (*spec.entries)[i];
      }
      Freeze(stream, std::move(shard), commit);
    }
  }
}

bool Run::IsOpen(size_t stream) const {
  const StreamState& state = streams_[stream];
  if (state.set_aside) return false;
  // Guard: delete-waits-for-syncs
  return absl::c_all_of(state.spec().after, [&](size_t before) {
    return HasEnded(before) && !streams_[before].set_aside;
  });
}

bool Run::HasEnded(size_t stream) const {
  const StreamState& state = streams_[stream];
  if (state.set_aside) return true;
  return (state.listing.complete() || state.listing_failed || state.stopped) &&
         state.AllEnded();
}

bool Run::AwaitsSetAside(const WorkStream& spec) const {
  return absl::c_any_of(
      spec.after, [&](size_t before) { return streams_[before].set_aside; });
}

bool Run::Finished() const {
  for (size_t i = 0; i < streams_.size(); ++i) {
    if (!HasEnded(i) && !AwaitsSetAside(streams_[i].spec())) return false;
  }
  return true;
}

bool Run::Incomplete() const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [](const StreamState& state) { return state.set_aside; });
}

absl::Status Run::PrepareNext(RunJournal& journal, Commit& commit,
                              NextTasks& next) {
  for (size_t stream = 0; stream < streams_.size(); ++stream) {
    if (!IsOpen(stream)) continue;
    StopWithoutListing(stream);
    PrepareListing(stream, next);
    RETURN_IF_ERROR(PrepareFromStream(stream, journal, commit, next));
  }
  return absl::OkStatus();
}

void Run::StopWithoutListing(size_t stream) {
  StreamState& state = streams_[stream];
  const WorkStream& spec = state.spec();
  if (state.stopped) return;
  // Without the listing nobody knows which repositories are sources and which
  // are copies.
  if (state.is_same_registry() && state.listing_failed) {
    state.stopped = true;
    state.stop_reason = "not copied: the catalogue could not be listed";
  }
  for (const size_t before : spec.after) {
    const StreamState& sync = streams_[before];
    if (!sync.listing_failed) continue;
    state.stopped = true;
    state.stop_reason =
        absl::StrCat("nothing is deleted: the sync from ", sync.spec().registry,
                     " failed, because its catalogue could not be listed");
    state.problem = state.stop_reason;
    return;
  }
}

void Run::PrepareListing(size_t stream, NextTasks& next) {
  const StreamState& state = streams_[stream];
  if (state.listing.complete() || state.listing_failed || state.stopped ||
      listing_sent_[stream]) {
    return;
  }
  listing_sent_[stream] = true;
  Prepared page;
  page.spec.key = {id_, kListingShards + static_cast<uint32_t>(stream),
                   listing_pages_[stream]++};
  page.spec.registries = {state.spec().registry};
  page.spec.urgent = true;
  page.task.mutable_list_catalog()->set_registry(state.spec().registry);
  page.task.mutable_list_catalog()->set_cursor(state.listing.cursor());
  dispatched_[page.spec.key] = {stream, ""};
  next.prepared.push_back(std::move(page));
}

absl::Status Run::CheckNamesOfSameRegistry(size_t stream, RunJournal& journal) {
  StreamState& state = streams_[stream];
  if (checked_[stream] || !state.is_same_registry() || state.spec().entries) {
    return absl::OkStatus();
  }
  for (const bool judge : {false, true}) {
    for (const auto& [number, progress] : state.shards()) {
      if (progress.is_batches) continue;
      ASSIGN_OR_RETURN(proto::Shard shard, journal.ReadShard(number));
      if (judge) {
        state.CheckNames(number, shard);
      } else {
        state.AddProducts(shard);
      }
    }
  }
  checked_[stream] = true;
  return absl::OkStatus();
}

absl::Status Run::PrepareFromStream(size_t stream, RunJournal& journal,
                                    Commit& commit, NextTasks& next) {
  StreamState& state = streams_[stream];
  if (!state.stopped && state.is_same_registry()) {
    if (!state.listing.complete()) return absl::OkStatus();
    RETURN_IF_ERROR(CheckNamesOfSameRegistry(stream, journal));
  }
  while (in_flight_[stream] < kWindow) {
    if (next.refused.size() >= kMaxRefused) {
      next.more = true;
      break;
    }
    const std::optional<uint32_t> shard = state.NextUnfed();
    if (!shard) break;
    RETURN_IF_ERROR(PrepareFromShard(stream, *shard, journal, commit, next));
  }
  return absl::OkStatus();
}

absl::Status Run::PrepareFromShard(size_t stream, uint32_t shard,
                                   RunJournal& journal, Commit& commit,
                                   NextTasks& next) {
  ShardProgress& progress = streams_[stream].shards().at(shard);
  if (!contents_.contains(shard)) {
    ASSIGN_OR_RETURN(proto::Shard content, journal.ReadShard(shard));
    contents_[shard] = std::move(content);
  }
  const proto::Shard& content = contents_[shard];
  for (; progress.next < progress.states.size() &&
         in_flight_[stream] < kWindow && next.refused.size() < kMaxRefused;
       ++progress.next) {
    const uint32_t index = progress.next;
    if (progress.states[index] != TaskState::kPending) continue;
    const TaskKey key{id_, shard, index};
    const proto::RepositoryEntry& entry =
        content.entries(progress.is_batches ? 0 : static_cast<int>(index));
    dispatched_[key] = {stream, entry.repository()};
    if (auto refused = Refuse(stream, key, entry.repository())) {
      const bool failed = refused->why == Refusal::kFailure;
      proto::Counts counts;
      if (failed) counts.set_failed(1);
      Count(stream, counts);
      EndTask(stream, key, failed ? TaskState::kDead : TaskState::kSkipped,
              counts, commit);
      if (!failed && refused->why != Refusal::kProduct) {
        ++streams_[stream].not_carried_out;
      }
      next.refused.push_back(*std::move(refused));
      continue;
    }
    ++in_flight_[stream];
    Prepared prepared =
        progress.is_batches
            ? PrepareBatch(stream, key, entry.repository(),
                           content.batches(static_cast<int>(index)))
            : PrepareRepository(stream, key, entry);
    if (const auto tried = attempts_.find({shard, index});
        tried != attempts_.end()) {
      prepared.attempts = tried->second.attempts;
      prepared.losses = tried->second.losses;
      attempts_.erase(tried);
    }
    next.prepared.push_back(std::move(prepared));
  }
  if (progress.next == progress.states.size()) contents_.erase(shard);
  return absl::OkStatus();
}

std::optional<Run::Refused> Run::Refuse(size_t stream, const TaskKey& key,
                                        const std::string& repository) const {
  const StreamState& state = streams_[stream];
  const WorkStream& spec = state.spec();
  if (const auto* refusal = state.RefusalOf(key.shard, key.index)) {
    return Refused{key, refusal->reason,
                   refusal->product ? Refusal::kProduct : Refusal::kFailure};
  }
  if (state.stopped) {
    return Refused{key, state.stop_reason, Refusal::kStopped};
  }
  if (!spec.after.empty() && failed_syncs_.contains(NameHash(
                                 RepositoryId(spec.registry, repository)))) {
    return Refused{key,
                   "nothing is deleted from it: its sync failed in this run",
                   Refusal::kSyncFailed};
  }
  return std::nullopt;
}

bool Run::DeletesByRules(const std::string& registry,
                         const std::string& repository) const {
  return deleted_catalogues_.contains(registry) ||
         deleted_repositories_.contains(
             NameHash(RepositoryId(registry, repository)));
}

void Run::RememberDeletes(const WorkStream& stream) {
  if (stream.kind != WorkStream::Kind::kDelete) return;
  if (!stream.entries) deleted_catalogues_.insert(stream.registry);
  if (!stream.entries) return;
  for (const proto::RepositoryEntry& entry : *stream.entries) {
    if (!entry.whole()) continue;
    deleted_repositories_.insert(
        NameHash(RepositoryId(stream.registry, entry.repository())));
  }
}

Run::Prepared Run::PrepareRepository(
    size_t stream, const TaskKey& key,
    const proto::RepositoryEntry& entry) const {
  const StreamState& state = streams_[stream];
  const WorkStream& spec = state.spec();
  Prepared prepared;
  prepared.spec.key = key;
  prepared.spec.registries = spec.registries();
  prepared.spec.connections = spec.connections;
  switch (spec.kind) {
    case WorkStream::Kind::kList: {
      proto::ListRepository& list = *prepared.task.mutable_list_repository();
      list.set_registry(spec.registry);
      *list.mutable_entry() = entry;
      break;
    }
    case WorkStream::Kind::kDelete: {
      proto::DeleteRepository& deletion =
          *prepared.task.mutable_delete_repository();
      deletion.set_registry(spec.registry);
      *deletion.mutable_entry() = entry;
      if (!spec.dry_run) {
        prepared.spec.writes = RepositoryId(spec.registry, entry.repository());
      }
      break;
    }
    case WorkStream::Kind::kSync: {
      proto::SyncRepository& sync = *prepared.task.mutable_sync_repository();
      sync.set_source(spec.registry);
      sync.set_target(spec.target);
      *sync.mutable_entry() = entry;
      sync.set_target_repository(state.TargetOf(entry.repository()));
      sync.set_expected(spec.entries.has_value());
      sync.set_target_deletes(
          DeletesByRules(spec.target, sync.target_repository()));
      if (!spec.dry_run) {
        prepared.spec.writes =
            RepositoryId(spec.target, sync.target_repository());
      }
      break;
    }
  }
  return prepared;
}

Run::Prepared Run::PrepareBatch(size_t stream, const TaskKey& key,
                                const std::string& repository,
                                const proto::Batch& batch) const {
  const StreamState& state = streams_[stream];
  Prepared prepared;
  prepared.spec.key = key;
  prepared.spec.registries = state.spec().registries();
  prepared.spec.connections = state.spec().connections;
  proto::SyncBatch& sync = *prepared.task.mutable_sync_batch();
  sync.set_source(state.spec().registry);
  sync.set_target(state.spec().target);
  sync.set_repository(repository);
  sync.set_target_repository(state.TargetOf(repository));
  *sync.mutable_tags() = batch.tags();
  if (!state.spec().dry_run) {
    prepared.spec.writes =
        RepositoryId(state.spec().target, sync.target_repository());
    prepared.spec.write_group = absl::StrCat(id_, "/", key.shard);
  }
  return prepared;
}

bool Run::IsStopped(const TaskKey& key) const {
  const auto found = dispatched_.find(key);
  return found != dispatched_.end() && streams_[found->second.stream].stopped;
}

Run::About Run::Describe(const TaskKey& key) const {
  const auto found = dispatched_.find(key);
  if (found == dispatched_.end()) return {};
  const StreamState& state = streams_[found->second.stream];
  const std::string& repository = found->second.repository;
  const bool is_listing = key.shard >= kListingShards;
  const bool has_target =
      state.spec().kind == WorkStream::Kind::kSync && !is_listing;
  // Empty where the rules make no name of it.
  return {&state.spec(),
          repository,
          is_listing,
          has_target
              ? RenameRepository(repository, state.spec().rename).value_or("")
              : "",
          key.shard,
          key.index};
}

uint64_t Run::repositories() const {
  uint64_t sum = 0;
  for (const StreamState& state : streams_) {
    for (const auto& [number, progress] : state.shards()) {
      if (!progress.is_batches) sum += progress.states.size();
    }
  }
  return sum;
}

void Run::Count(size_t stream, const proto::Counts& counts) {
  AddCounts(counts, totals);
  AddCounts(counts, streams_[stream].counts);
}

proto::RunSnapshot Run::Snapshot() const {
  proto::RunSnapshot snapshot;
  snapshot.set_version(1);
  snapshot.set_run(id_);
  for (const StreamState& state : streams_) {
    *snapshot.add_streams() = state.Snapshot();
  }
  *snapshot.mutable_totals() = totals;
  return snapshot;
}

}  // namespace registry_manager
