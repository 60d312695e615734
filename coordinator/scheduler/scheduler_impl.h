// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_SCHEDULER_IMPL_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_SCHEDULER_IMPL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "coordinator/scheduler/budget.h"
#include "coordinator/scheduler/deadlines.h"
#include "coordinator/scheduler/jitter.h"
#include "coordinator/scheduler/ready_queue.h"
#include "coordinator/scheduler/registry_health.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/scheduler/write_locks.h"

namespace registry_manager {

// The scheduler's state, and the steps that its public functions share.
//
// A *task* is in one place at a time: ready (in the queue), locked (waiting for
// a repository), backing off, or running. An *attempt* is a slot of a worker:
// it begins with a dispatch and lasts until the worker is known to be through
// with it, which can be long after the task was taken away from it. Until its
// lease is over, such a detached attempt keeps the repository that it writes to
// and its need for connections; until the worker omits it, its slot.
//
// Whatever is iterated over is ordered: equal events have equal effects.
class Scheduler::Impl {
 public:
  explicit Impl(const SchedulerOptions& options)
      : options_(options), jitter_(options.seed) {}

  // Scheduler's public functions, in scheduler.cc, sessions.cc, outcomes.cc and
  // poll.cc.
  void AddRegistry(const std::string& run, const std::string& name,
                   const RegistryBudget& budget);
  bool AddTask(TaskSpec spec, int attempts, int losses);
  size_t tasks() const { return tasks_.size(); }
  size_t running() const { return running_; }
  size_t tasks(const std::string& run) const;
  size_t running(const std::string& run) const;
  bool IsSetAside(const std::string& name) const;
  void Hold(const std::string& run, bool hold) { runs_[run].hold = hold; }
  void DropWaiting(const std::string& run);
  void RemoveRun(const std::string& run);

  void Join(const WorkerSession& session, int slots, absl::Time now);
  bool Knows(const WorkerSession& session) const;
  void Leave(const WorkerSession& session, bool lost, absl::Time now);
  HeartbeatReply Heartbeat(
      const WorkerSession& session, const std::vector<RunningTask>& running,
      absl::Time now, const std::function<bool(const std::string&)>& renew);
  bool HoldsLease(const WorkerSession& session, const TaskKey& key,
                  uint32_t attempt, absl::Time now) const;

  Acceptance Result(const WorkerSession& session, const TaskKey& key,
                    uint32_t attempt, const Verdict& verdict, absl::Time now);

  void Want(const WorkerSession& session, const std::string& registry,
            uint64_t version, int in_use, int wanted, uint64_t permits_wanted);
  void NoteSilent(const WorkerSession& session, const std::string& registry,
                  bool silent, absl::Time now);
  void Throttled(const std::string& registry, absl::Duration retry_after,
                 absl::Time now);
  void Answered(const std::string& registry);
  absl::Time ParkedUntil(const std::string& registry) const;
  std::vector<RegistryUse> Registries() const;
  int slots() const;

  std::vector<SchedulerEffect> Poll(absl::Time now);
  absl::Time NextWake() const;

 private:
  // Numbered in the order in which they were added.
  using TaskId = uint64_t;
  using AttemptId = uint64_t;

  struct Registry {
    std::string name;
    Budget budget;
    RegistryHealth health;
    bool set_aside = false;
    // Sessions that got no answer, and since when.
    std::map<WorkerSession, absl::Time> silent_for = {};
    // While tasks are dispatched: what HoldBack is to be told.
    int held_back = 0;

    // The infinite future while it answers.
    absl::Time SilentSince() const;
  };

  struct RunUse {
    bool hold = false;
    size_t tasks = 0;
    size_t running = 0;
    // The budget that the run allows at each registry that it touches.
    std::map<int, RegistryBudget> budgets = {};
  };

  struct Task {
    TaskKey key;
    int connections = 1;
    std::string writes;
    std::string write_group;
    bool urgent = false;
    ReadyQueue::Group group = 0;
    int attempts = 0;
    int losses = 0;
    // From when on a loss counts.
    absl::Time next_loss = absl::InfinitePast();
    // Number of the latest dispatch.
    uint32_t dispatches = 0;
    enum class Place { kReady, kLocked, kBackingOff, kRunning };
    Place place = Place::kReady;
    // The attempt that is running, if the task is running.
    AttemptId running = 0;
  };

  struct Attempt {
    // 0: detached.
    TaskId task = 0;
    TaskKey key;
    uint32_t number = 0;
    WorkerSession session;
    // The resources that the attempt holds while `leased`.
    std::vector<int> registries;
    int connections = 0;
    std::string writes;
    bool leased = true;
    absl::Time lease_until;
    uint64_t progress = 0;
    absl::Time progressed;
    // `listed`: a heartbeat has listed the attempt. `omitted`: so many
    // heartbeats in a row have not listed it.
    bool listed = false;
    int omitted = 0;
  };

  struct Worker {
    int slots = 0;
    absl::Time seen;
    // It has handed a task back: it is draining, or has no use for more.
    absl::Time rests_until = absl::InfinitePast();
    std::map<std::pair<TaskKey, uint32_t>, AttemptId> attempts;

    int FreeSlots() const;
  };
  using WorkerEntry = std::map<WorkerSession, Worker>::value_type;

  // --- scheduler.cc: registries and tasks ---

  // Adds it if it is unknown.
  int NumberOf(const std::string& name);
  // Brings a registry's limits up to date with what its runs allow.
  void ApplyLimits(int registry);
  // -1: unknown.
  int FindRegistry(const std::string& name) const;
  const std::vector<int>& RegistriesOf(const Task& task) const;
  void Requeue(TaskId id, absl::Duration delay, absl::Time now);
  // Back to their queues: they were taken out of a repository's lines.
  void Wake(const std::vector<TaskId>& woken);
  // Forgets a task that is not running.
  void EndTask(TaskId id);
  void GiveUp(TaskId id, std::string reason);
  void SetAside(int registry, const std::string& reason);

  // --- sessions.cc: workers and attempts ---

  // 0: none.
  AttemptId FindAttempt(const WorkerSession& session, const TaskKey& key,
                        uint32_t number) const;
  // The attempt loses its task, which is then in no place: requeue or end it.
  TaskId Detach(AttemptId id);
  void Cancel(AttemptId id, const std::string& reason);
  void EndLease(AttemptId id);
  // The worker is through with it.
  void Retire(AttemptId id);
  void Lose(AttemptId id, absl::Time now);
  void NoteOmission(AttemptId id, absl::Time now);
  void EndSession(const WorkerSession& session, bool lost, absl::Time now);

  // --- outcomes.cc ---

  void CountFailure(TaskId id, const std::string& reason, absl::Time now);
  void CountLoss(TaskId id, const WorkerSession& session, absl::Time now);
  void NoteUnreachable(TaskId id, const Unreachable& verdict, absl::Time now);

  // --- poll.cc ---

  void EndLeases(absl::Time now);
  void CancelStalled(absl::Time now);
  void EndSilentSessions(absl::Time now);
  void EndBackOffs(absl::Time now);
  std::vector<DispatchTask> DispatchAll(absl::Time now);
  ReadyQueue::Turn TryBegin(ReadyQueue::Group group, TaskId id, absl::Time now);
  void Begin(TaskId id, WorkerEntry& worker, absl::Time now);
  bool MayTry(const std::vector<int>& registries, absl::Time now) const;
  bool HaveRoom(const std::vector<int>& registries, int connections) const;
  WorkerEntry* FindWorker(const std::vector<int>& registries, int connections);
  void Reserve(const std::vector<int>& registries, int connections);

  SchedulerOptions options_;
  Jitter jitter_;
  absl::Time last_poll_ = absl::InfinitePast();

  std::vector<Registry> registries_;
  std::map<std::string, int> registry_numbers_;

  std::map<std::string, RunUse> runs_;
  std::map<TaskId, Task> tasks_;
  absl::flat_hash_map<TaskKey, TaskId> task_ids_;
  TaskId last_task_ = 0;
  // The highest number of an attempt, and the one that new tasks begin above: a
  // run that was removed may come back while workers still have its attempts.
  uint32_t highest_attempt_ = 0;
  uint32_t attempt_base_ = 0;
  size_t running_ = 0;
  ReadyQueue queue_;
  WriteLocks locks_;
  Deadlines<TaskId> back_offs_;

  std::map<WorkerSession, Worker> workers_;
  std::map<AttemptId, Attempt> attempts_;
  AttemptId last_attempt_ = 0;
  Deadlines<WorkerSession> silences_;
  Deadlines<AttemptId> leases_;
  Deadlines<AttemptId> stalls_;

  // The effects that the next Poll returns first.
  std::vector<SchedulerEffect> effects_;
  // While tasks are dispatched: the workers that may get one, their free slots
  // together, and what they got.
  std::vector<WorkerEntry*> candidates_;
  int free_slots_ = 0;
  std::vector<DispatchTask> dispatches_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_SCHEDULER_IMPL_H_
