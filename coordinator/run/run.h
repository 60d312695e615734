// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_RUN_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_RUN_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/task_place.h"
#include "coordinator/run/stream_state.h"
#include "coordinator/scheduler/scheduler.h"
#include "proto/control.pb.h"
#include "proto/fleet.pb.h"

namespace registry_manager {

// A run as the coordinator holds it: its streams, what has ended, what is to be
// handed to the scheduler next. Turns results into commits; the caller writes
// them before anything that rests on them happens. Reads shards from the
// journal as they are needed, so that memory is bounded by the window. Used
// from one thread.
class Run {
 public:
  Run(std::string id, std::vector<WorkStream> streams);

  const std::string& id() const { return id_; }

  // Begins a new run: freezes what the config names.
  void Begin(Commit& commit);
  // Restores a run that is resumed. Work that a crash left half done is ended
  // in `commit`.
  absl::Status Restore(RunJournal& journal, const RunState& state,
                       Commit& commit);

  // A task for the scheduler, with what the worker is told.
  struct Prepared {
    TaskSpec spec;
    // Without a lease.
    proto::Task task;
    // The attempts and losses that the journal has counted for earlier
    // coordinators.
    int attempts = 0;
    int losses = 0;
  };
  // The reason why a task was refused before it was sent; such a task is ended
  // in the commit. Only kFailure is a failure of the task itself.
  enum class Refusal {
    kFailure,
    // A sync that had to come before the task has failed.
    kSyncFailed,
    // The task's whole stream was stopped.
    kStopped,
    // The rules of a sync within one registry made the repository: it is not a
    // source.
    kProduct,
  };
  struct Refused {
    TaskKey key;
    std::string reason;
    Refusal why;
  };
  struct NextTasks {
    std::vector<Prepared> prepared;
    std::vector<Refused> refused;
    // So much was refused that the rest waits for the next call.
    bool more = false;
  };
  // The next tasks, as far as the window goes. Everything that was put into a
  // commit before has to be written. What `next` holds counts as handed out,
  // also where an error is returned: the rest comes with the next call.
  absl::Status PrepareNext(RunJournal& journal, Commit& commit,
                           NextTasks& next);

  // A task has ended by its result, or was given up. Returns false where the
  // task is none of this run.
  bool End(const TaskKey& key, const proto::TaskResult& result, Commit& commit);
  // The registry gives no answer, or refuses: its streams wait for the next
  // submit.
  void SetAside(const std::string& registry, const std::string& reason);

  // Nothing more is to be deleted from the registry in this run, also after a
  // crash.
  void StopDeletes(const std::string& registry, const std::string& reason,
                   Commit& commit);
  // The task's stream was stopped after it was handed out.
  bool IsStopped(const TaskKey& key) const;

  // Nothing more is to be done now.
  bool Finished() const;
  // Something was left for the next submit.
  bool Incomplete() const;

  // A description of the task, for people.
  struct About {
    const WorkStream* stream = nullptr;
    std::string repository;
    bool is_listing = false;
    // Set for a sync only: the repository's name on the target.
    std::string target_repository;
    // Set for repository tasks only, not for catalogue pages.
    uint32_t shard = 0;
    uint32_t index = 0;
  };
  About Describe(const TaskKey& key) const;
  void Forget(const TaskKey& key) { dispatched_.erase(key); }

  // The number of tasks that ended before this coordinator began.
  uint64_t ended_before() const { return ended_before_; }
  uint64_t repositories() const;
  proto::Counts totals;

  // Streams, totals and state are filled in.
  proto::RunSnapshot Snapshot() const;
  // True if the journal of a resumed run has an outcome of the task.
  bool IsJournalled(uint32_t shard, uint32_t index) const;
  // Adds the counts of such a task to its stream: the journal holds the totals
  // only.
  void RememberCounts(uint32_t shard, const proto::Counts& counts);

 private:
  // Entries of one shard: some 150 KiB of names.
  static constexpr int kMaxShard = 4096;
  // A page of a catalogue is a task outside all shards: its shard number is
  // this and the stream's index.
  static constexpr uint32_t kListingShards = 0xf0000000;

  // For the totals, and for the stream.
  void Count(size_t stream, const proto::Counts& counts);
  bool IsOpen(size_t stream) const;
  bool HasEnded(size_t stream) const;
  void Freeze(size_t stream, proto::Shard shard, Commit& commit);
  absl::Status RestoreShard(uint32_t number, const proto::Shard& shard,
                            RunJournal& journal);
  // FailedPrecondition: the journal numbers other streams than these.
  absl::Status CheckStreams(const proto::RunRecord& record) const;
  absl::Status CheckShard(uint32_t number, const proto::Shard& shard) const;
  // A stream before it was set aside: it waits for the next submit, too.
  bool AwaitsSetAside(const WorkStream& spec) const;
  // Stops streams that rest on a catalogue that could not be listed.
  void StopWithoutListing(size_t stream);
  absl::Status CheckNamesOfSameRegistry(size_t stream, RunJournal& journal);
  absl::Status PrepareFromStream(size_t stream, RunJournal& journal,
                                 Commit& commit, NextTasks& next);
  absl::Status PrepareFromShard(size_t stream, uint32_t shard,
                                RunJournal& journal, Commit& commit,
                                NextTasks& next);
  // Why the task is not to be sent.
  std::optional<Refused> Refuse(size_t stream, const TaskKey& key,
                                const std::string& repository) const;
  void PrepareListing(size_t stream, NextTasks& next);
  void RememberDeletes(const WorkStream& stream);
  // The run deletes from the repository what its policy's rules say.
  bool DeletesByRules(const std::string& registry,
                      const std::string& repository) const;
  Prepared PrepareRepository(size_t stream, const TaskKey& key,
                             const proto::RepositoryEntry& entry) const;
  Prepared PrepareBatch(size_t stream, const TaskKey& key,
                        const std::string& repository,
                        const proto::Batch& batch) const;
  void EndListing(size_t stream, const proto::TaskResult& result,
                  Commit& commit);
  void EndTask(size_t stream, const TaskKey& key, TaskState state,
               const proto::Counts& counts, Commit& commit);
  void EndSplit(size_t stream, const TaskKey& key,
                const std::string& repository, const proto::TaskResult& result,
                Commit& commit);
  // The last batch has ended.
  void EndParent(size_t stream, const ShardProgress& batches, Commit& commit);
  void EndOrphanedParents(Commit& commit);
  void FailListing(size_t stream, std::string reason);
  void RememberFailedSync(const WorkStream& stream,
                          const std::string& repository);

  const std::string id_;
  std::vector<StreamState> streams_;
  std::vector<size_t> stream_of_shard_;
  // Shards of which some tasks were handed out, and some were not.
  std::map<uint32_t, proto::Shard> contents_;
  std::vector<uint32_t> listing_pages_;
  std::vector<bool> listing_sent_;
  std::vector<bool> checked_;
  std::vector<size_t> in_flight_;
  // Tasks that were handed out: stream and repository.
  struct Dispatched {
    size_t stream;
    std::string repository;
  };
  absl::flat_hash_map<TaskKey, Dispatched> dispatched_;
  // Repositories, by the hash of their RepositoryId, whose sync failed.
  absl::flat_hash_set<uint64_t> failed_syncs_;
  // Registries and repositories from which rules delete: registries as a whole,
  // and repositories by the hash of their RepositoryId.
  absl::flat_hash_set<std::string> deleted_catalogues_;
  absl::flat_hash_set<uint64_t> deleted_repositories_;
  // Tasks that earlier coordinators tried, by shard and index.
  std::map<TaskPlace, Attempts> attempts_;
  uint64_t ended_before_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_RUN_H_
