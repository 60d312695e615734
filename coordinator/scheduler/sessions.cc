// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Workers and their attempts: who holds which lease.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/scheduler/scheduler_impl.h"

namespace registry_manager {

int Scheduler::Impl::Worker::FreeSlots() const {
  return std::max(0, slots - static_cast<int>(attempts.size()));
}

void Scheduler::Impl::Join(const WorkerSession& session, int slots,
                           absl::Time now) {
  Worker& worker = workers_[session];
  worker.slots = slots;
  worker.seen = now;
  silences_.Set(session, now + options_.lease);
}

bool Scheduler::Impl::Knows(const WorkerSession& session) const {
  return workers_.count(session) > 0;
}

void Scheduler::Impl::Leave(const WorkerSession& session, bool lost,
                            absl::Time now) {
  if (Knows(session)) EndSession(session, lost, now);
}

Scheduler::HeartbeatReply Scheduler::Impl::Heartbeat(
    const WorkerSession& session, const std::vector<RunningTask>& running,
    absl::Time now, const std::function<bool(const std::string&)>& may_renew) {
  HeartbeatReply reply;
  const auto it = workers_.find(session);
  if (it == workers_.end()) {
    reply.lost = running;
    return reply;
  }
  it->second.seen = now;
  silences_.Set(session, now + options_.lease);
  std::set<AttemptId> listed;
  for (const RunningTask& one : running) {
    const AttemptId id = FindAttempt(session, one.task, one.attempt);
    if (id != 0) {
      listed.insert(id);
      attempts_.at(id).listed = true;
      attempts_.at(id).omitted = 0;
    }
    if (id == 0 || attempts_.at(id).task == 0) {
      reply.lost.push_back(one);
      continue;
    }
    Attempt& attempt = attempts_.at(id);
    if (attempt.progress != one.progress) {
      attempt.progress = one.progress;
      attempt.progressed = now;
    }
    if (may_renew && !may_renew(one.task.run)) continue;
    attempt.lease_until = now + options_.lease;
    leases_.Set(id, attempt.lease_until);
    reply.renewed.push_back(one);
  }
  std::vector<AttemptId> omitted;
  for (const auto& [key, id] : it->second.attempts) {
    if (listed.count(id) == 0) omitted.push_back(id);
  }
  for (const AttemptId id : omitted) NoteOmission(id, now);
  return reply;
}

bool Scheduler::Impl::HoldsLease(const WorkerSession& session,
                                 const TaskKey& key, uint32_t attempt,
                                 absl::Time now) const {
  const AttemptId id = FindAttempt(session, key, attempt);
  if (id == 0) return false;
  const Attempt& found = attempts_.at(id);
  return found.task != 0 && now < found.lease_until;
}

Scheduler::Impl::AttemptId Scheduler::Impl::FindAttempt(
    const WorkerSession& session, const TaskKey& key, uint32_t number) const {
  const auto worker = workers_.find(session);
  if (worker == workers_.end()) return 0;
  const auto it = worker->second.attempts.find({key, number});
  return it == worker->second.attempts.end() ? 0 : it->second;
}

Scheduler::Impl::TaskId Scheduler::Impl::Detach(AttemptId id) {
  Attempt& attempt = attempts_.at(id);
  const TaskId task = std::exchange(attempt.task, 0);
  queue_.Ended(tasks_.at(task).group);
  tasks_.at(task).running = 0;
  --running_;
  --runs_.at(attempt.key.run).running;
  stalls_.Clear(id);
  for (const int registry : attempt.registries) {
    registries_[registry].health.Finished(id);
  }
  return task;
}

void Scheduler::Impl::Cancel(AttemptId id, const std::string& reason) {
  const Attempt& attempt = attempts_.at(id);
  effects_.push_back(
      CancelTask{attempt.session, attempt.key, attempt.number, reason});
  Detach(id);
}

void Scheduler::Impl::EndLease(AttemptId id) {
  Attempt& attempt = attempts_.at(id);
  if (!attempt.leased) return;
  attempt.leased = false;
  leases_.Clear(id);
  for (const int registry : attempt.registries) {
    registries_[registry].budget.End(attempt.session, attempt.connections);
  }
  if (!attempt.writes.empty()) Wake(locks_.Release(attempt.writes));
}

void Scheduler::Impl::Retire(AttemptId id) {
  EndLease(id);
  const auto it = attempts_.find(id);
  workers_.at(it->second.session)
      .attempts.erase({it->second.key, it->second.number});
  attempts_.erase(it);
}

void Scheduler::Impl::Lose(AttemptId id, absl::Time now) {
  const WorkerSession session = attempts_.at(id).session;
  CountLoss(Detach(id), session, now);
}

void Scheduler::Impl::NoteOmission(AttemptId id, absl::Time now) {
  Attempt& attempt = attempts_.at(id);
  ++attempt.omitted;
  // The first heartbeat may have crossed the dispatch. After the second the
  // dispatch is taken for lost on its way; should it come through all the same,
  // its lease is respected, and the next heartbeat that lists it is told.
  if (attempt.task != 0 && attempt.omitted >= 2) Lose(id, now);
  if (attempt.task == 0 &&
      (attempt.listed || (!attempt.leased && attempt.omitted >= 2))) {
    Retire(id);
  }
}

void Scheduler::Impl::EndSession(const WorkerSession& session, bool lost,
                                 absl::Time now) {
  std::vector<AttemptId> ids;
  for (const auto& [key, id] : workers_.at(session).attempts) ids.push_back(id);
  for (const AttemptId id : ids) {
    if (attempts_.at(id).task != 0) {
      if (lost) {
        Lose(id, now);
      } else {
        Requeue(Detach(id), absl::ZeroDuration(), now);
      }
    }
    Retire(id);
  }
  for (Registry& registry : registries_) {
    registry.budget.Forget(session);
    registry.silent_for.erase(session);
  }
  silences_.Clear(session);
  workers_.erase(session);
}

}  // namespace registry_manager
