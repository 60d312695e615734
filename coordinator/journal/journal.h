// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_JOURNAL_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/journal.pb.h"

namespace registry_manager {

enum class TaskState { kPending, kDone, kSkipped, kDead, kSplit };

// The end of one task.
struct Outcome {
  uint32_t shard = 0;
  uint32_t index = 0;
  // Not kPending.
  TaskState state = TaskState::kDone;
};

// The changes that are committed together, in one step.
struct Commit {
  std::vector<Outcome> outcomes;
  // New shards with their numbers; a number that exists already is left as it
  // is.
  std::vector<std::pair<uint32_t, proto::Shard>> shards;
  // Listings by stream.
  std::vector<std::pair<uint32_t, proto::Listing>> listings;
  // Counts of outcomes whose bit flipped in this commit are added up;
  // parallel to `outcomes`.
  std::vector<proto::Counts> counts;
};

struct Attempts {
  uint32_t shard = 0;
  uint32_t index = 0;
  int attempts = 0;
  int losses = 0;
};

// The state of a run as Read() returns it; ReadShard() returns the shards.
struct RunState {
  proto::RunRecord record;
  proto::Counts totals;
  // One past the highest shard number.
  uint32_t shards = 0;
  // The listing of every stream that has one.
  std::vector<std::pair<uint32_t, proto::Listing>> listings;
  std::vector<Attempts> attempts;
};

// The time for which an ownership that is not renewed keeps others out.
inline constexpr absl::Duration kOwnership = absl::Seconds(15);

// The journal holds just enough to resume runs after any crash: the constants
// of a run, its frozen shards, a bitmap of each outcome for each shard, and the
// intents of deletions. docs/journal.md describes the format.
//
// Unavailable means, here and in RunJournal, that the journal cannot be reached
// or written for now (Redis is away, LOADING, MISCONF, out of memory). Nothing
// is lost then, and the same call may be made again: every write is idempotent.
// Calls block for a few seconds at most. Both classes are thread-safe; calls
// take turns on one connection.

// One run, owned by this coordinator. Every write carries the epoch of this
// ownership: it fails with Aborted once another coordinator, or a later Own()
// of this one, owns the run. After Finish() or Release() a call that needs the
// ownership fails with FailedPrecondition. Must not outlive its Journal.
class RunJournal {
 public:
  virtual ~RunJournal() = default;

  // The owner before neither gave the run up nor is known to have ended. Its
  // workers may act until their leases are over.
  virtual bool previous_owner_may_act() const { return false; }
  // Keeps the ownership alive; must be called every few seconds. Aborted:
  // another coordinator owns the run.
  virtual absl::Status Renew() = 0;

  virtual absl::StatusOr<RunState> Read() = 0;
  virtual absl::StatusOr<proto::Shard> ReadShard(uint32_t shard) = 0;
  // The state of each of the first `tasks` tasks of a shard.
  virtual absl::StatusOr<std::vector<TaskState>> ReadOutcomes(
      uint32_t shard, uint32_t tasks) = 0;

  virtual absl::Status Write(const Commit& commit) = 0;
  virtual absl::Status WriteAttempts(const Attempts& attempts) = 0;

  // Intents belong to a repository, not to a run: whichever run deletes there
  // next finishes them.
  virtual absl::StatusOr<std::optional<proto::Intent>> ReadIntent(
      absl::string_view registry, absl::string_view repository) = 0;
  // nullptr drops the intent.
  virtual absl::Status WriteIntent(absl::string_view registry,
                                   absl::string_view repository,
                                   const proto::Intent* intent) = 0;

  // The run has reached its end: it is not found any more, and its keys are
  // removed.
  virtual absl::Status Finish() = 0;
  // Gives up the ownership and leaves the run to be resumed.
  virtual absl::Status Release() = 0;
};

// The runs of one place: a Redis, or this process.
class Journal {
 public:
  virtual ~Journal() = default;

  // The unfinished run of that identity; nullopt if there is none.
  virtual absl::StatusOr<std::optional<std::string>> FindUnfinished(
      absl::string_view identity) = 0;
  // Makes this coordinator the owner of the run. A new run is created from
  // `record`; the constants of one that exists stay. FailedPrecondition: a
  // coordinator that is alive owns it (the message names its host and process),
  // or a version of registry-manager began it that this one cannot resume.
  virtual absl::StatusOr<std::unique_ptr<RunJournal>> Own(
      const proto::RunRecord& record) = 0;
  // The epoch of a coordinator that begins to lead a fleet: higher than that of
  // every coordinator before it.
  virtual absl::StatusOr<uint64_t> NextEpoch() = 0;

  // Runs that are unfinished here, and those that wrote an intent that is still
  // open. Needs no ownership.
  virtual absl::StatusOr<std::set<std::string>> RunsInUse() = 0;
};

// A journal that ends with the process: for verbs that change nothing.
std::unique_ptr<Journal> NewMemoryJournal();

// The address of a Redis server. A value type.
struct RedisEndpoint {
  // A Unix socket; empty: host and port.
  std::string socket;
  std::string host;
  int port = 6379;
  int database = 0;
  std::string username;
  std::string password;

  // From redis://HOST[:PORT][/DB] or unix:///PATH. InvalidArgument, with
  // advice, for credentials in the text (`--redis` stands in a process's
  // arguments), for rediss:// (not supported: use a tunnel or a Unix socket)
  // and for anything else. `allow_credentials`: the text comes from
  // RM_REDIS_URL or a file, where they are welcome.
  static absl::StatusOr<RedisEndpoint> Parse(absl::string_view text,
                                             bool allow_credentials);
  // Without credentials.
  std::string display() const;
};

// Connects at the first call, and again whenever the connection is lost.
std::unique_ptr<Journal> NewRedisJournal(RedisEndpoint endpoint);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_JOURNAL_H_
