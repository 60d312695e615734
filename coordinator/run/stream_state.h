// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_STREAM_STATE_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_STREAM_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/task_place.h"
#include "coordinator/run/sync_names.h"
#include "coordinator/run/work_stream.h"
#include "proto/control.pb.h"

namespace registry_manager {

// The progress of one frozen shard, with the state of each task (a byte for
// each).
struct ShardProgress {
  // Set for a shard of batches only.
  bool is_batches = false;
  uint32_t parent_shard = 0;
  uint32_t parent_index = 0;
  bool parent_failed = false;
  std::vector<TaskState> states;
  // The first task that has not been handed to the scheduler.
  uint32_t next = 0;
  uint32_t ended = 0;
  uint32_t dead = 0;
};

// The progress of one stream of a run: its frozen shards, its listing, and what
// it refuses. Used from one thread.
class StreamState {
 public:
  explicit StreamState(WorkStream spec);

  const WorkStream& spec() const { return spec_; }
  bool is_same_registry() const { return spec_.registry == spec_.target; }

  // --- repositories ---

  // Adds a frozen shard of repositories. Shards come in the order of their
  // numbers.
  void AddRepositories(uint32_t shard, const proto::Shard& content);
  void AddBatches(uint32_t shard, const proto::Shard& content);
  // The names of a page that are new, less those that are left out at the
  // beginning.
  std::vector<std::string> TakeNewNames(const std::vector<std::string>& names);
  // The catalogue has given more names since its first page than are known.
  bool ListedPastKnownNames() const;
  // Called with every shard's content, in order, once the listing of one and
  // the same registry is complete: its names are judged only then. A second
  // call with a shard does nothing.
  void CheckNames(uint32_t shard, const proto::Shard& content);
  void AddProducts(const proto::Shard& content);

  // Why a task is not carried out; "" where it is. `product`: it is no source
  // at all, which is no failure.
  struct Refusal {
    std::string reason;
    bool product = false;
  };
  const Refusal* RefusalOf(uint32_t shard, uint32_t index) const;
  // The name on the target.
  std::string TargetOf(const std::string& repository) const;

  // --- tasks ---

  std::map<uint32_t, ShardProgress>& shards() { return shards_; }
  const std::map<uint32_t, ShardProgress>& shards() const { return shards_; }
  // The task ends, or is split.
  void SetState(uint32_t shard, uint32_t index, TaskState state);
  // The first shard that has tasks that were not handed to the scheduler,
  // batches before repositories.
  std::optional<uint32_t> NextUnfed();
  bool AllEnded() const { return open_tasks_ == 0; }

  // Goes on from what the journal holds.
  void Restore(const proto::Listing& listing);
  // The registry does not delete, or harms others.
  void StopDeletes(const std::string& reason);

  proto::Listing listing;
  bool listing_failed = false;
  // Why this stream ended early, or waits.
  std::string problem;
  bool set_aside = false;
  // Nothing more of it is sent, and why: what is left is skipped.
  bool stopped = false;
  std::string stop_reason;
  // Tasks that were skipped because of this, or of a failure before them; by
  // this coordinator.
  uint64_t not_carried_out = 0;
  proto::Counts counts;

  proto::StreamSnapshot Snapshot() const;

 private:
  const WorkStream spec_;
  SyncNames names_;
  std::map<uint32_t, ShardProgress> shards_;
  // Shards that may have tasks to be handed out.
  std::set<uint32_t> unfed_batches_;
  std::set<uint32_t> unfed_repositories_;
  uint64_t open_tasks_ = 0;
  absl::flat_hash_set<uint64_t> frozen_;
  absl::flat_hash_set<uint32_t> checked_;
  std::map<TaskPlace, Refusal> refusals_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_STREAM_STATE_H_
