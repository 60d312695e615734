// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// This file decides what becomes of a task when its attempt has ended.

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/scheduler/scheduler_impl.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kBackOffBase = absl::Seconds(1);
constexpr absl::Duration kBackOffCap = absl::Minutes(5);
constexpr absl::Duration kBackOffCapAfterLoss = absl::Seconds(30);
// A worker that hands a task back gets no other for so long, or it would get
// the same one again at once.
constexpr absl::Duration kRestAfterHandingBack = absl::Seconds(1);

}  // namespace

Scheduler::Acceptance Scheduler::Impl::Result(const WorkerSession& session,
                                              const TaskKey& key,
                                              uint32_t attempt,
                                              const Verdict& verdict,
                                              absl::Time now) {
  const AttemptId running = FindAttempt(session, key, attempt);
  TaskId id = 0;
  if (running != 0) {
    if (attempts_.at(running).task != 0) id = Detach(running);
    Retire(running);
  }
  if (id == 0) {
    const auto known = task_ids_.find(key);
    if (known == task_ids_.end()) return Acceptance::kStale;
    const Task& task = tasks_.at(known->second);
    if (!std::holds_alternative<Ended>(verdict) ||
        task.place == Task::Place::kRunning || attempt == 0 ||
        attempt > task.dispatches) {
      return Acceptance::kStale;
    }
    EndTask(known->second);
    return Acceptance::kEnded;
  }
  if (std::holds_alternative<Ended>(verdict)) {
    EndTask(id);
    return Acceptance::kEnded;
  }
  if (const auto* again = std::get_if<TryAgain>(&verdict)) {
    CountFailure(id, again->reason, now);
  } else if (const auto* unreachable = std::get_if<Unreachable>(&verdict)) {
    NoteUnreachable(id, *unreachable, now);
  } else if (const auto* refused = std::get_if<Refused>(&verdict)) {
    const int registry = FindRegistry(refused->registry);
    if (registry < 0) {
      CountFailure(id, refused->reason, now);
    } else {
      Requeue(id, absl::ZeroDuration(), now);
      SetAside(registry, refused->reason);
    }
  } else {
    Requeue(id, absl::ZeroDuration(), now);
    workers_.at(session).rests_until = now + kRestAfterHandingBack;
  }
  return Acceptance::kOpen;
}

void Scheduler::Impl::CountFailure(TaskId id, const std::string& reason,
                                   absl::Time now) {
  Task& task = tasks_.at(id);
  if (++task.attempts >= options_.max_attempts) {
    GiveUp(id, absl::StrCat(reason, " (given up after ", task.attempts,
                            " attempts)"));
    return;
  }
  effects_.push_back(RecordFailures{task.key, task.attempts, task.losses});
  Requeue(id, jitter_.Full(task.attempts, kBackOffBase, kBackOffCap), now);
}

void Scheduler::Impl::CountLoss(TaskId id, const WorkerSession& session,
                                absl::Time now) {
  Task& task = tasks_.at(id);
  const bool counts = now >= task.next_loss;
  if (counts) {
    ++task.losses;
    task.next_loss = now + options_.loss_interval;
  }
  if (task.losses >= options_.max_losses) {
    GiveUp(id, absl::StrCat("a worker was lost ", task.losses,
                            " times while carrying this out, the last one in "
                            "session ",
                            session,
                            "; see whether the worker's log or the kernel's "
                            "(out of memory) says why, then retry"));
    return;
  }
  if (counts) {
    effects_.push_back(RecordFailures{task.key, task.attempts, task.losses});
  }
  Requeue(id, jitter_.Full(task.losses, kBackOffBase, kBackOffCapAfterLoss),
          now);
}

void Scheduler::Impl::NoteUnreachable(TaskId id, const Unreachable& verdict,
                                      absl::Time now) {
  const int registry = FindRegistry(verdict.registry);
  const std::vector<int>& all = RegistriesOf(tasks_.at(id));
  if (std::find(all.begin(), all.end(), registry) == all.end()) {
    // Not a registry of its own: without a count it could go on for ever.
    CountFailure(id, verdict.reason, now);
    return;
  }
  Requeue(id, absl::ZeroDuration(), now);
  RegistryHealth& health = registries_[registry].health;
  if (!health.Unreachable(now, jitter_)) return;
  SetAside(registry, absl::StrCat("no answer for ",
                                  absl::FormatDuration(absl::Trunc(
                                      health.Silence(now), absl::Seconds(1))),
                                  ": ", verdict.reason));
}

}  // namespace registry_manager
