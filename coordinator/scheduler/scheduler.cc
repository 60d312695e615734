// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/scheduler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "coordinator/scheduler/scheduler_impl.h"

namespace registry_manager {

int Scheduler::Impl::NumberOf(const std::string& name) {
  const int number = static_cast<int>(registries_.size());
  const auto [known, added] = registry_numbers_.try_emplace(name, number);
  if (added) {
    registries_.push_back({name, Budget(name, RegistryBudget()),
                           RegistryHealth(options_.registry_patience,
                                          options_.first_contact_patience)});
  }
  return known->second;
}

void Scheduler::Impl::AddRegistry(const std::string& run,
                                  const std::string& name,
                                  const RegistryBudget& budget) {
  const int number = NumberOf(name);
  if (!runs_[run].budgets.try_emplace(number, budget).second) return;
  Registry& registry = registries_[number];
  if (registry.set_aside) {
    registry.set_aside = false;
    registry.health = RegistryHealth(options_.registry_patience,
                                     options_.first_contact_patience);
  }
  ApplyLimits(number);
}

void Scheduler::Impl::ApplyLimits(int registry) {
  std::optional<RegistryBudget> limits;
  for (const auto& [run, use] : runs_) {
    const auto budget = use.budgets.find(registry);
    if (budget == use.budgets.end()) continue;
    const RegistryBudget& other = budget->second;
    if (!limits) limits = other;
    limits->max_connections =
        std::min(limits->max_connections, other.max_connections);
    if (other.requests_per_second) {
      limits->requests_per_second = std::min(
          limits->requests_per_second.value_or(*other.requests_per_second),
          *other.requests_per_second);
    }
  }
  if (limits) registries_[registry].budget.SetLimits(*limits);
}

bool Scheduler::Impl::AddTask(TaskSpec spec, int attempts, int losses) {
  std::vector<int> registries;
  for (const std::string& name : spec.registries) {
    registries.push_back(NumberOf(name));
    if (registries_[registries.back()].set_aside) return false;
  }
  std::sort(registries.begin(), registries.end());
  registries.erase(std::unique(registries.begin(), registries.end()),
                   registries.end());
  const auto [known, added] = task_ids_.try_emplace(spec.key, last_task_ + 1);
  if (!added) return true;
  const TaskId id = ++last_task_;
  Task& task = tasks_[id];
  task.group = queue_.Join(spec.key.run, registries);
  ++runs_[spec.key.run].tasks;
  task.key = std::move(spec.key);
  task.connections = std::max(1, spec.connections);
  task.writes = std::move(spec.writes);
  task.write_group = std::move(spec.write_group);
  task.urgent = spec.urgent;
  task.attempts = attempts;
  task.losses = losses;
  task.dispatches = attempt_base_;
  queue_.Add(task.group, id, task.urgent);
  return true;
}

bool Scheduler::Impl::IsSetAside(const std::string& name) const {
  const int number = FindRegistry(name);
  return number >= 0 && registries_[number].set_aside;
}

size_t Scheduler::Impl::tasks(const std::string& run) const {
  const auto it = runs_.find(run);
  return it == runs_.end() ? 0 : it->second.tasks;
}

size_t Scheduler::Impl::running(const std::string& run) const {
  const auto it = runs_.find(run);
  return it == runs_.end() ? 0 : it->second.running;
}

void Scheduler::Impl::DropWaiting(const std::string& run) {
  std::vector<TaskId> waiting;
  for (const auto& [id, task] : tasks_) {
    if (task.key.run == run && task.place != Task::Place::kRunning) {
      waiting.push_back(id);
    }
  }
  for (const TaskId id : waiting) EndTask(id);
}

void Scheduler::Impl::RemoveRun(const std::string& run) {
  DropWaiting(run);
  std::vector<TaskId> running;
  for (const auto& [id, task] : tasks_) {
    if (task.key.run == run) running.push_back(id);
  }
  for (const TaskId id : running) {
    Cancel(tasks_.at(id).running, "the run has ended");
    EndTask(id);
  }
  attempt_base_ = highest_attempt_;
  const auto use = runs_.extract(run);
  if (use.empty()) return;
  for (const auto& [registry, budget] : use.mapped().budgets) {
    ApplyLimits(registry);
  }
}

void Scheduler::Impl::Want(const WorkerSession& session,
                           const std::string& registry, uint64_t version,
                           int in_use, int wanted, uint64_t permits_wanted) {
  const int number = FindRegistry(registry);
  if (number < 0 || !Knows(session)) return;
  registries_[number].budget.Want(session, version, in_use, wanted,
                                  permits_wanted);
}

void Scheduler::Impl::NoteSilent(const WorkerSession& session,
                                 const std::string& registry, bool silent,
                                 absl::Time now) {
  const int number = FindRegistry(registry);
  if (number < 0 || !Knows(session)) return;
  if (silent) {
    registries_[number].silent_for.try_emplace(session, now);
  } else {
    registries_[number].silent_for.erase(session);
  }
}

void Scheduler::Impl::Throttled(const std::string& registry,
                                absl::Duration retry_after, absl::Time now) {
  const int number = FindRegistry(registry);
  if (number >= 0) registries_[number].budget.Throttled(retry_after, now);
}

void Scheduler::Impl::Answered(const std::string& registry) {
  const int number = FindRegistry(registry);
  if (number < 0) return;
  registries_[number].health.Answered();
  registries_[number].silent_for.clear();
}

absl::Time Scheduler::Impl::ParkedUntil(const std::string& registry) const {
  const int number = FindRegistry(registry);
  return number < 0 ? absl::InfinitePast()
                    : registries_[number].budget.parked_until();
}

std::vector<Scheduler::RegistryUse> Scheduler::Impl::Registries() const {
  std::vector<RegistryUse> uses(registries_.size());
  for (const auto& [name, number] : registry_numbers_) {
    const Registry& registry = registries_[number];
    const Budget& budget = registry.budget;
    uses[number] = {name,
                    budget.ledger().total_charge(),
                    budget.limit(),
                    budget.parked_until(),
                    registry.SilentSince(),
                    registry.health.deadline(),
                    registry.set_aside,
                    budget.waiting_for_rate()};
  }
  return uses;
}

int Scheduler::Impl::slots() const {
  int slots = 0;
  for (const auto& [session, worker] : workers_) slots += worker.slots;
  return slots;
}

int Scheduler::Impl::FindRegistry(const std::string& name) const {
  const auto it = registry_numbers_.find(name);
  return it == registry_numbers_.end() ? -1 : it->second;
}

absl::Time Scheduler::Impl::Registry::SilentSince() const {
  absl::Time since = health.silent_since();
  for (const auto& [session, at] : silent_for) since = std::min(since, at);
  return since;
}

const std::vector<int>& Scheduler::Impl::RegistriesOf(const Task& task) const {
  return queue_.Registries(task.group);
}

void Scheduler::Impl::Requeue(TaskId id, absl::Duration delay, absl::Time now) {
  Task& task = tasks_.at(id);
  if (delay > absl::ZeroDuration()) {
    task.place = Task::Place::kBackingOff;
    back_offs_.Set(id, now + delay);
  } else {
    task.place = Task::Place::kReady;
    queue_.Add(task.group, id, task.urgent);
  }
}

void Scheduler::Impl::Wake(const std::vector<TaskId>& woken) {
  for (const TaskId id : woken) {
    Task& task = tasks_.at(id);
    task.place = Task::Place::kReady;
    queue_.Add(task.group, id, task.urgent);
  }
}

void Scheduler::Impl::EndTask(TaskId id) {
  const auto it = tasks_.find(id);
  const Task& task = it->second;
  const std::string writes = task.writes;
  back_offs_.Clear(id);
  queue_.Remove(task.group, id, task.urgent);
  if (!writes.empty()) {
    locks_.StopWaiting(writes, task.write_group, task.group, id);
  }
  queue_.Part(task.group);
  --runs_.at(task.key.run).tasks;
  task_ids_.erase(task.key);
  tasks_.erase(it);
  // Others may have waited behind it.
  if (!writes.empty()) Wake(locks_.Wake(writes));
}

void Scheduler::Impl::GiveUp(TaskId id, std::string reason) {
  effects_.push_back(GiveUpTask{tasks_.at(id).key, std::move(reason)});
  EndTask(id);
}

void Scheduler::Impl::SetAside(int registry, const std::string& reason) {
  registries_[registry].set_aside = true;
  effects_.push_back(SetRegistryAside{registries_[registry].name, reason});
  std::vector<TaskId> touching;
  for (const auto& [id, task] : tasks_) {
    const std::vector<int>& all = RegistriesOf(task);
    if (std::find(all.begin(), all.end(), registry) != all.end()) {
      touching.push_back(id);
    }
  }
  for (const TaskId id : touching) {
    const Task& task = tasks_.at(id);
    if (task.place == Task::Place::kRunning) Cancel(task.running, reason);
    EndTask(id);
  }
}

// --- the public class ---

Scheduler::Scheduler(SchedulerOptions options)
    : impl_(std::make_unique<Impl>(options)) {}

Scheduler::~Scheduler() = default;

void Scheduler::AddRegistry(const std::string& run, const std::string& registry,
                            RegistryBudget budget) {
  impl_->AddRegistry(run, registry, budget);
}

bool Scheduler::AddTask(TaskSpec spec, int attempts, int losses) {
  return impl_->AddTask(std::move(spec), attempts, losses);
}

size_t Scheduler::tasks() const { return impl_->tasks(); }

size_t Scheduler::tasks(const std::string& run) const {
  return impl_->tasks(run);
}

size_t Scheduler::running() const { return impl_->running(); }

size_t Scheduler::running(const std::string& run) const {
  return impl_->running(run);
}

bool Scheduler::IsSetAside(const std::string& registry) const {
  return impl_->IsSetAside(registry);
}

void Scheduler::Hold(const std::string& run, bool hold) {
  impl_->Hold(run, hold);
}

void Scheduler::DropWaiting(const std::string& run) { impl_->DropWaiting(run); }

void Scheduler::RemoveRun(const std::string& run) { impl_->RemoveRun(run); }

void Scheduler::Join(const WorkerSession& worker, int slots, absl::Time now) {
  impl_->Join(worker, slots, now);
}

bool Scheduler::Knows(const WorkerSession& worker) const {
  return impl_->Knows(worker);
}

void Scheduler::Leave(const WorkerSession& worker, bool lost, absl::Time now) {
  impl_->Leave(worker, lost, now);
}

Scheduler::HeartbeatReply Scheduler::Heartbeat(
    const WorkerSession& worker, const std::vector<RunningTask>& running,
    absl::Time now,
    const std::function<bool(const std::string& run)>& may_renew) {
  return impl_->Heartbeat(worker, running, now, may_renew);
}

bool Scheduler::HoldsLease(const WorkerSession& worker, const TaskKey& task,
                           uint32_t attempt, absl::Time now) const {
  return impl_->HoldsLease(worker, task, attempt, now);
}

Scheduler::Acceptance Scheduler::Result(const WorkerSession& worker,
                                        const TaskKey& task, uint32_t attempt,
                                        const Verdict& verdict,
                                        absl::Time now) {
  return impl_->Result(worker, task, attempt, verdict, now);
}

void Scheduler::Want(const WorkerSession& worker, const std::string& registry,
                     uint64_t version, int in_use, int wanted,
                     uint64_t permits_wanted) {
  impl_->Want(worker, registry, version, in_use, wanted, permits_wanted);
}

void Scheduler::NoteSilent(const WorkerSession& worker,
                           const std::string& registry, bool silent,
                           absl::Time now) {
  impl_->NoteSilent(worker, registry, silent, now);
}

void Scheduler::Throttled(const std::string& registry,
                          absl::Duration retry_after, absl::Time now) {
  impl_->Throttled(registry, retry_after, now);
}

void Scheduler::Answered(const std::string& registry) {
  impl_->Answered(registry);
}

absl::Time Scheduler::ParkedUntil(const std::string& registry) const {
  return impl_->ParkedUntil(registry);
}

std::vector<Scheduler::RegistryUse> Scheduler::Registries() const {
  return impl_->Registries();
}

int Scheduler::slots() const { return impl_->slots(); }

std::vector<SchedulerEffect> Scheduler::Poll(absl::Time now) {
  return impl_->Poll(now);
}

absl::Time Scheduler::NextWake() const { return impl_->NextWake(); }

}  // namespace registry_manager
