// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_SCHEDULER_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_SCHEDULER_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace registry_manager {

// Decides which task goes to which worker, and how much of each registry a
// worker may use. Pure: told of events with the time at which they happened, it
// answers with effects; no I/O, no threads, no clock of its own, so that it can
// be simulated. Not thread-safe.
//
// Holds only the tasks that were added and have not ended: memory is bounded by
// the caller's window. The tasks of several runs share workers and registries.

// A task of a run: bit `index` of shard `shard`.
struct TaskKey {
  std::string run;
  uint32_t shard = 0;
  uint32_t index = 0;

  friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const TaskKey& key) {
    return H::combine(std::move(state), key.run, key.shard, key.index);
  }
};

struct TaskSpec {
  TaskKey key;
  // The registries that it touches, by address: one, or two different ones.
  std::vector<std::string> registries;
  // Connections that it needs at each registry before it can begin (one, or six
  // for skopeo); a smaller budget serves with all that it has.
  int connections = 1;
  // "ADDRESS/REPOSITORY" that it writes to; empty: it writes to none. At most
  // one task writes to a repository at a time, except that tasks of the same
  // non-empty `write_group` (batches of one repository) share it.
  std::string writes;
  std::string write_group;
  // Before any task that is not urgent (a catalogue's next page).
  bool urgent = false;
};

struct RegistryBudget {
  // Requests under way at once, of all workers together; at least 1.
  int max_connections = 16;
  // Requests begun a second, of all workers together.
  std::optional<double> requests_per_second;
};

struct SchedulerOptions {
  absl::Duration lease = absl::Seconds(30);
  // A task without a sign of progress for so long is cancelled and tried again.
  absl::Duration stall = absl::Minutes(15);
  // A task that failed so often for reasons of its own is given up.
  int max_attempts = 3;
  // A task whose worker was lost so often is given up. A loss within
  // `loss_interval` of one that counted is not counted, because somebody may be
  // killing workers in a row. A task that itself makes its worker end will do
  // so again later.
  int max_losses = 10;
  absl::Duration loss_interval = absl::Minutes(1);
  // A registry that gave no answer for so long has its tasks set aside.
  absl::Duration registry_patience = absl::Minutes(10);
  // A registry that never answered has its tasks set aside after this time.
  absl::Duration first_contact_patience = absl::Seconds(20);
  // Seed of the jitter of back-offs.
  uint64_t seed = 1;
};

// Identifies one connection of one worker.
using WorkerSession = std::string;

// The effects that the caller must carry out (SchedulerEffect).
struct DispatchTask {
  WorkerSession worker;
  TaskKey task;
  uint32_t attempt;
};
struct CancelTask {
  WorkerSession worker;
  TaskKey task;
  uint32_t attempt;
  std::string reason;
};
// Sent also with the first dispatch, and before it in the list of effects.
struct GrantConnections {
  WorkerSession worker;
  std::string registry;
  uint64_t version;
  int connections;
  bool rate_limited;
  uint64_t permits;
  // The time from now for which the registry is parked; zero: it is not parked.
  absl::Duration parked;
};
// The task is over without a result, because its worker was lost too often or
// because the task failed too often. The caller must journal it as failed, with
// the reason.
struct GiveUpTask {
  TaskKey task;
  std::string reason;
};
// The registry gave no answer for too long, or refuses the credentials. Its
// tasks have been dropped from the scheduler, those running are cancelled, and
// AddTask drops further ones.
struct SetRegistryAside {
  std::string registry;
  std::string reason;
};
// The number of times that the task has failed so far, and the number of losses
// of its worker that were counted. The caller must journal them, so that the
// next coordinator continues to count from there.
struct RecordFailures {
  TaskKey task;
  int attempts;
  int losses;
};
using SchedulerEffect =
    std::variant<DispatchTask, CancelTask, GrantConnections, GiveUpTask,
                 SetRegistryAside, RecordFailures>;

class Scheduler {
 public:
  explicit Scheduler(SchedulerOptions options);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // --- registries and tasks ---

  // Before the run's first task that touches the registry. If several runs
  // touch it, the lower of their limits counts. A run that has not touched it
  // yet has one that was set aside tried again. The same registry of the same
  // run again is ignored.
  void AddRegistry(const std::string& run, const std::string& registry,
                   RegistryBudget budget);
  // `losses` and `attempts` are what the journal knows of earlier coordinators.
  // False: one of its registries is set aside, the task was not added.
  bool AddTask(TaskSpec spec, int attempts = 0, int losses = 0);
  // Tasks that were added and have not ended, waiting ones included; of all
  // runs, or of one.
  size_t tasks() const;
  size_t tasks(const std::string& run) const;
  size_t running() const;
  size_t running(const std::string& run) const;
  bool IsSetAside(const std::string& registry) const;
  // Stops the dispatch of the run's tasks (`true`) until called again; the rest
  // goes on. For draining, and while the journal cannot be written.
  void Hold(const std::string& run, bool hold);
  // Drops every task of the run that is not running.
  void DropWaiting(const std::string& run);
  // The run is over: its limits count no longer. Tasks that it still has are
  // dropped, and cancelled where they are running.
  void RemoveRun(const std::string& run);

  // --- workers ---

  // `slots` tasks at a time. A session that joins again keeps its tasks: a
  // worker repeats its Hello.
  void Join(const WorkerSession& worker, int slots, absl::Time now);
  // False: it never joined, it has left, or it was silent for so long that it
  // was given up. A worker that still speaks has to begin a new session.
  bool Knows(const WorkerSession& worker) const;
  // The worker has ended for certain (its process exited, it said goodbye): its
  // tasks and grants come back at once. `lost`: the tasks' losses count. A
  // worker that falls silent needs no call: Poll gives it up with its last
  // lease.
  void Leave(const WorkerSession& worker, bool lost, absl::Time now);

  struct RunningTask {
    TaskKey task;
    uint32_t attempt;
    uint64_t progress;
  };
  struct HeartbeatReply {
    // Their leases hold for options.lease from when the heartbeat was sent.
    std::vector<RunningTask> renewed;
    // Not (or no longer) this worker's.
    std::vector<RunningTask> lost;
  };
  // A task that two heartbeats in a row omit is taken for lost. A worker gets
  // no new task after half a lease without a heartbeat. `may_renew` says
  // whether leases of a run's tasks may be renewed (nullptr: all may). It says
  // no if another coordinator may have taken the run over: its leases then last
  // to their end, and no longer.
  HeartbeatReply Heartbeat(
      const WorkerSession& worker, const std::vector<RunningTask>& running,
      absl::Time now,
      const std::function<bool(const std::string& run)>& may_renew = nullptr);
  // True while `worker` holds the lease of this attempt.
  bool HoldsLease(const WorkerSession& worker, const TaskKey& task,
                  uint32_t attempt, absl::Time now) const;

  // --- results ---

  struct Ended {
    // Nothing more to do, whatever the outcome.
  };
  struct TryAgain {
    std::string reason;
  };
  struct Unreachable {
    std::string registry;
    std::string reason;
  };
  struct Refused {
    std::string registry;
    std::string reason;
  };
  // Dispatched back unstarted or cut short by a drain: counts for nothing.
  struct HandedBack {};
  using Verdict =
      std::variant<Ended, TryAgain, Unreachable, Refused, HandedBack>;
  enum class Acceptance {
    // The task is over: journal it.
    kEnded,
    // It will be tried again (or was given up, by a GiveUpTask).
    kOpen,
    // Not this worker's task: of no use.
    kStale,
  };
  // An Ended result of an attempt whose lease was lost is accepted as long as
  // the task has not ended and no other attempt runs: its effect is idempotent.
  // To be called when the result arrives, before heartbeats that came after it.
  Acceptance Result(const WorkerSession& worker, const TaskKey& task,
                    uint32_t attempt, const Verdict& verdict, absl::Time now);

  // --- budgets ---

  // Notes the connections that the worker uses and could use; `version` is the
  // latest grant that it complies with. A worker says so after every grant:
  // only then are connections that a lower grant takes back free for other
  // workers.
  void Want(const WorkerSession& worker, const std::string& registry,
            uint64_t version, int in_use, int wanted, uint64_t permits_wanted);
  // Notes whether the worker's latest request to the registry got no answer.
  // This is only shown: a registry's health is judged by results alone.
  void NoteSilent(const WorkerSession& worker, const std::string& registry,
                  bool silent, absl::Time now);
  // 429, 503 or a time-out: the budget is halved (once a second at most) and
  // grows back by one every ten seconds without another. `retry_after` parks
  // the registry for all workers.
  void Throttled(const std::string& registry, absl::Duration retry_after,
                 absl::Time now);
  // The registry gave an answer, whatever it was. Not inferred from results.
  void Answered(const std::string& registry);
  // The time until which the registry is parked; the infinite past if it is
  // not.
  absl::Time ParkedUntil(const std::string& registry) const;

  // The facts about a registry that are worth showing.
  struct RegistryUse {
    std::string registry;
    // The connections that workers may use, and the number that they may be
    // given now.
    int connections = 0;
    int limit = 0;
    absl::Time parked_until;
    // The infinite future while it answers.
    absl::Time silent_since = absl::InfiniteFuture();
    // The time when patience with its silence ends, if a task has failed by it.
    absl::Time set_aside_at = absl::InfiniteFuture();
    bool set_aside = false;
    // Requests that wait for their turn by requests-per-second.
    uint64_t waiting_for_rate = 0;
  };
  // In the order in which they were added.
  std::vector<RegistryUse> Registries() const;
  // The slots of all workers together.
  int slots() const;

  // --- time ---

  // Returns the effects that are due now: expired leases, back-offs that are
  // over, new dispatches, grants. Must be called after every event, or batch of
  // events, and when the time of NextWake() has come.
  std::vector<SchedulerEffect> Poll(absl::Time now);
  // The next time at which Poll has something to do by itself.
  absl::Time NextWake() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_SCHEDULER_H_
