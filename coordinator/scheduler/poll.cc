// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// This file handles the passing of time, and the dispatch of tasks.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/scheduler/scheduler_impl.h"

namespace registry_manager {

std::vector<SchedulerEffect> Scheduler::Impl::Poll(absl::Time now) {
  last_poll_ = now;
  EndLeases(now);
  CancelStalled(now);
  EndSilentSessions(now);
  EndBackOffs(now);
  for (Registry& registry : registries_) registry.budget.Advance(now);
  std::vector<DispatchTask> dispatches = DispatchAll(now);
  std::vector<SchedulerEffect> effects = std::exchange(effects_, {});
  for (Registry& registry : registries_) {
    for (GrantConnections& grant : registry.budget.Settle(now)) {
      effects.push_back(std::move(grant));
    }
  }
  for (DispatchTask& dispatch : dispatches) {
    effects.push_back(std::move(dispatch));
  }
  return effects;
}

absl::Time Scheduler::Impl::NextWake() const {
  if (!effects_.empty()) return last_poll_;
  absl::Time next = std::min(
      {leases_.Next(), stalls_.Next(), silences_.Next(), back_offs_.Next()});
  // A time that was due at the last Poll already is left out: its task waits
  // for something else.
  const auto consider = [this, &next](absl::Time when) {
    if (when > last_poll_) next = std::min(next, when);
  };
  for (const Registry& registry : registries_) {
    next = std::min(next, registry.budget.NextWake(last_poll_));
    if (!registry.set_aside) consider(registry.health.next_try());
  }
  for (const auto& [session, worker] : workers_) consider(worker.rests_until);
  return next;
}

void Scheduler::Impl::EndLeases(absl::Time now) {
  while (const std::optional<AttemptId> id = leases_.PopDue(now)) {
    const Attempt& attempt = attempts_.at(*id);
    if (attempt.task != 0) Lose(*id, now);
    EndLease(*id);
    // It never reached the worker.
    if (!attempt.listed && attempt.omitted >= 2) Retire(*id);
  }
}

void Scheduler::Impl::CancelStalled(absl::Time now) {
  while (const std::optional<AttemptId> id = stalls_.PopDue(now)) {
    const Attempt& attempt = attempts_.at(*id);
    // Nobody makes progress at a parked registry.
    absl::Time since = attempt.progressed;
    for (const int registry : attempt.registries) {
      since = std::max(since, registries_[registry].budget.parked_until());
    }
    if (since + options_.stall > now) {
      stalls_.Set(*id, since + options_.stall);
      continue;
    }
    const std::string reason = absl::StrCat(
        "no sign of progress for ", absl::FormatDuration(options_.stall));
    const TaskId task = attempt.task;
    Cancel(*id, reason);
    CountFailure(task, reason, now);
  }
}

void Scheduler::Impl::EndSilentSessions(absl::Time now) {
  while (const std::optional<WorkerSession> session = silences_.PopDue(now)) {
    // It may act until the last lease is over.
    absl::Time over = now;
    for (const auto& [key, id] : workers_.at(*session).attempts) {
      if (attempts_.at(id).leased) {
        over = std::max(over, attempts_.at(id).lease_until);
      }
    }
    if (over > now) {
      silences_.Set(*session, over);
    } else {
      EndSession(*session, /*lost=*/true, now);
    }
  }
}

void Scheduler::Impl::EndBackOffs(absl::Time now) {
  while (const std::optional<TaskId> id = back_offs_.PopDue(now)) {
    Requeue(*id, absl::ZeroDuration(), now);
  }
}

std::vector<DispatchTask> Scheduler::Impl::DispatchAll(absl::Time now) {
  candidates_.clear();
  free_slots_ = 0;
  for (auto& entry : workers_) {
    const Worker& worker = entry.second;
    // Half a lease without a heartbeat: it would come to nothing.
    const bool silent = now - worker.seen > options_.lease / 2;
    if (silent || now < worker.rests_until || worker.FreeSlots() == 0) continue;
    candidates_.push_back(&entry);
    free_slots_ += worker.FreeSlots();
  }
  const auto try_begin = [this, now](ReadyQueue::Group group, TaskId id) {
    return TryBegin(group, id, now);
  };
  bool again = true;
  while (again) {
    for (Registry& registry : registries_) {
      registry.held_back = 0;
      registry.budget.Reserve(0);
    }
    if (free_slots_ == 0) break;
    // Again, because what has begun may have woken others.
    again = queue_.Serve(/*urgent=*/true, try_begin);
    again |= queue_.Serve(/*urgent=*/false, try_begin);
  }
  for (Registry& registry : registries_) {
    registry.budget.HoldBack(registry.held_back);
  }
  return std::exchange(dispatches_, {});
}

ReadyQueue::Turn Scheduler::Impl::TryBegin(ReadyQueue::Group group, TaskId id,
                                           absl::Time now) {
  if (free_slots_ == 0) return ReadyQueue::Turn::kStop;
  const std::vector<int>& registries = queue_.Registries(group);
  if (!MayTry(registries, now)) return ReadyQueue::Turn::kBlocked;
  Task& task = tasks_.at(id);
  if (runs_.at(task.key.run).hold) return ReadyQueue::Turn::kBlocked;
  if (!task.writes.empty() && !locks_.IsFree(task.writes, task.write_group)) {
    queue_.Remove(group, id, task.urgent);
    locks_.Wait(task.writes, task.write_group, group, id);
    task.place = Task::Place::kLocked;
    return ReadyQueue::Turn::kSetApart;
  }
  if (!HaveRoom(registries, task.connections)) {
    Reserve(registries, task.connections);
    return ReadyQueue::Turn::kBlocked;
  }
  WorkerEntry* worker = FindWorker(registries, task.connections);
  if (worker == nullptr) {
    // The room is there, but others have not given it back.
    Reserve(registries, task.connections);
    const int waiting = static_cast<int>(std::min<size_t>(
        queue_.Waiting(group), static_cast<size_t>(free_slots_)));
    for (const int registry : registries) {
      registries_[registry].held_back += waiting * task.connections;
    }
    return ReadyQueue::Turn::kBlocked;
  }
  Begin(id, *worker, now);
  return ReadyQueue::Turn::kBegan;
}

void Scheduler::Impl::Begin(TaskId id, WorkerEntry& worker, absl::Time now) {
  Task& task = tasks_.at(id);
  const AttemptId attempt_id = ++last_attempt_;
  Attempt& attempt = attempts_[attempt_id];
  attempt.task = id;
  attempt.key = task.key;
  attempt.number = ++task.dispatches;
  highest_attempt_ = std::max(highest_attempt_, attempt.number);
  attempt.session = worker.first;
  attempt.registries = RegistriesOf(task);
  attempt.connections = task.connections;
  attempt.writes = task.writes;
  attempt.lease_until = now + options_.lease;
  attempt.progressed = now;
  worker.second.attempts.emplace(std::pair(task.key, attempt.number),
                                 attempt_id);
  --free_slots_;
  leases_.Set(attempt_id, attempt.lease_until);
  stalls_.Set(attempt_id, now + options_.stall);
  queue_.Remove(task.group, id, task.urgent);
  queue_.Began(task.group);
  task.place = Task::Place::kRunning;
  task.running = attempt_id;
  ++running_;
  ++runs_.at(task.key.run).running;
  for (const int registry : attempt.registries) {
    registries_[registry].budget.Begin(worker.first, task.connections);
    registries_[registry].health.Began(attempt_id);
  }
  if (!task.writes.empty()) {
    Wake(locks_.Take(task.writes, task.write_group));
  }
  dispatches_.push_back({worker.first, task.key, attempt.number});
}

bool Scheduler::Impl::MayTry(const std::vector<int>& registries,
                             absl::Time now) const {
  return std::all_of(
      registries.begin(), registries.end(), [this, now](int number) {
        const Registry& registry = registries_[number];
        return !registry.set_aside && registry.budget.parked_until() <= now &&
               registry.health.MayTry(now);
      });
}

bool Scheduler::Impl::HaveRoom(const std::vector<int>& registries,
                               int connections) const {
  return std::all_of(registries.begin(), registries.end(),
                     [this, connections](int registry) {
                       return registries_[registry].budget.HasRoom(connections);
                     });
}

Scheduler::Impl::WorkerEntry* Scheduler::Impl::FindWorker(
    const std::vector<int>& registries, int connections) {
  WorkerEntry* best = nullptr;
  for (WorkerEntry* candidate : candidates_) {
    const int free = candidate->second.FreeSlots();
    if (free == 0 || (best != nullptr && free <= best->second.FreeSlots())) {
      continue;
    }
    const bool can_begin =
        std::all_of(registries.begin(), registries.end(), [&](int registry) {
          return registries_[registry].budget.CanBegin(candidate->first,
                                                       connections);
        });
    if (can_begin) best = candidate;
  }
  return best;
}

void Scheduler::Impl::Reserve(const std::vector<int>& registries,
                              int connections) {
  // All or nothing: a part would lie idle until the rest can be had.
  for (const int registry : registries) {
    if (registries_[registry].budget.is_reserved()) return;
  }
  for (const int registry : registries) {
    registries_[registry].budget.Reserve(connections);
  }
}

}  // namespace registry_manager
