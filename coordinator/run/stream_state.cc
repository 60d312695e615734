// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/stream_state.h"

#include <utility>

#include "coordinator/run/name_hash.h"

namespace registry_manager {

StreamState::StreamState(WorkStream spec)
    : spec_(std::move(spec)),
      names_(spec_.rename, spec_.registry == spec_.target) {
  listing.set_complete(spec_.entries.has_value());
  listing.set_start(spec_.start);
}

void StreamState::Restore(const proto::Listing& journalled) {
  listing = journalled;
  if (!listing.stopped().empty()) StopDeletes(listing.stopped());
}

void StreamState::StopDeletes(const std::string& reason) {
  stopped = true;
  stop_reason = "not carried out: deleting from this registry was stopped";
  problem = reason;
  listing.set_stopped(reason);
}

void StreamState::AddRepositories(uint32_t shard, const proto::Shard& content) {
  shards_[shard].states.assign(content.entries_size(), TaskState::kPending);
  unfed_repositories_.insert(shard);
  open_tasks_ += content.entries_size();
  if (!spec_.entries) {
    for (const proto::RepositoryEntry& entry : content.entries()) {
      frozen_.insert(NameHash(entry.repository()));
    }
  }
  const bool judged_later = is_same_registry() && !spec_.entries;
  if (!judged_later) CheckNames(shard, content);
}

void StreamState::AddBatches(uint32_t shard, const proto::Shard& content) {
  ShardProgress& progress = shards_[shard];
  progress.is_batches = true;
  progress.parent_shard = content.parent().shard();
  progress.parent_index = content.parent().index();
  progress.parent_failed = content.parent_failed();
  progress.states.assign(content.batches_size(), TaskState::kPending);
  unfed_batches_.insert(shard);
  open_tasks_ += content.batches_size();
}

std::vector<std::string> StreamState::TakeNewNames(
    const std::vector<std::string>& names) {
  std::vector<std::string> fresh;
  for (const std::string& name : names) {
    listing.set_seen(listing.seen() + 1);
    if (listing.seen() <= listing.start()) continue;
    if (frozen_.insert(NameHash(name)).second) fresh.push_back(name);
  }
  return fresh;
}

bool StreamState::ListedPastKnownNames() const {
  return listing.seen() > listing.start() + frozen_.size();
}

void StreamState::AddProducts(const proto::Shard& content) {
  for (const proto::RepositoryEntry& entry : content.entries()) {
    names_.AddProduct(entry.repository());
  }
}

void StreamState::CheckNames(uint32_t shard, const proto::Shard& content) {
  if (spec_.kind != WorkStream::Kind::kSync) return;
  if (!checked_.insert(shard).second) return;
  for (int index = 0; index < content.entries_size(); ++index) {
    const std::string& name = content.entries(index).repository();
    const TaskPlace task{shard, static_cast<uint32_t>(index)};
    if (names_.IsProduct(name)) {
      refusals_[task] = {"it is what the rules make of another name", true};
      continue;
    }
    const absl::StatusOr<std::string> target = names_.Admit(name);
    if (!target.ok()) {
      refusals_[task] = {std::string(target.status().message()), false};
    }
  }
}

const StreamState::Refusal* StreamState::RefusalOf(uint32_t shard,
                                                   uint32_t index) const {
  const auto refusal = refusals_.find({shard, index});
  return refusal == refusals_.end() ? nullptr : &refusal->second;
}

std::string StreamState::TargetOf(const std::string& repository) const {
  return RenameRepository(repository, spec_.rename).value_or(repository);
}

void StreamState::SetState(uint32_t shard, uint32_t index, TaskState state) {
  ShardProgress& progress = shards_.at(shard);
  TaskState& current = progress.states.at(index);
  const auto is_end = [](TaskState s) {
    return s != TaskState::kPending && s != TaskState::kSplit;
  };
  if (is_end(current)) return;
  current = state;
  if (!is_end(state)) return;
  ++progress.ended;
  --open_tasks_;
  if (state == TaskState::kDead) ++progress.dead;
}

std::optional<uint32_t> StreamState::NextUnfed() {
  for (std::set<uint32_t>* unfed : {&unfed_batches_, &unfed_repositories_}) {
    while (!unfed->empty()) {
      const ShardProgress& progress = shards_.at(*unfed->begin());
      if (progress.next < progress.states.size()) return *unfed->begin();
      unfed->erase(unfed->begin());
    }
  }
  return std::nullopt;
}

proto::StreamSnapshot StreamState::Snapshot() const {
  proto::StreamSnapshot snapshot;
  snapshot.set_policy(spec_.policy_name());
  snapshot.set_registry(spec_.registry);
  snapshot.set_target(spec_.target);
  snapshot.set_dry_run(spec_.dry_run);
  snapshot.set_listed(listing.complete());
  snapshot.set_problem(problem);
  uint64_t repositories = 0, done = 0, skipped = 0, failed = 0;
  for (const auto& [number, progress] : shards_) {
    if (progress.is_batches) continue;
    repositories += progress.states.size();
    for (const TaskState state : progress.states) {
      done += state == TaskState::kDone;
      skipped += state == TaskState::kSkipped;
      failed += state == TaskState::kDead;
    }
  }
  snapshot.set_repositories(repositories);
  snapshot.set_done(done);
  snapshot.set_skipped(skipped);
  snapshot.set_failed(failed);
  snapshot.set_not_carried_out(not_carried_out);
  *snapshot.mutable_counts() = counts;
  if (set_aside) {
    snapshot.set_set_aside(repositories - done - skipped - failed);
  }
  return snapshot;
}

}  // namespace registry_manager
