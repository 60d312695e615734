// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Which tasks the scheduler gets, and what it wants done with them.

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "coordinator/server/run_loop.h"
#include "coordinator/server/task_ids.h"

namespace registry_manager {
namespace {

proto::TaskResult FailedResult(proto::Problem::Kind kind,
                               const std::string& reason) {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::FAILED);
  result.mutable_problem()->set_kind(kind);
  result.mutable_problem()->set_message(reason);
  return result;
}

}  // namespace

absl::Status RunLoop::Feed() {
  if (draining_ || journal_away_ || !IsFlushed()) return absl::OkStatus();
  class Run::Fed fed;
  const absl::Status status = parts_.run->Feed(*parts_.journal, commit_, fed);
  if (absl::IsUnavailable(status)) {
    NoteJournalAway(status);
  } else if (!status.ok()) {
    return status;
  }
  feed_again_ = fed.more;
  for (const class Run::Refused& refusal : fed.refused) {
    parts_.listener->OnRefused(parts_.run->AboutOf(refusal.key), refusal.reason,
                               refusal.why);
    parts_.run->Forget(refusal.key);
  }
  AddTasks(std::move(fed.prepared));
  return FlushJournal();
}

void RunLoop::AddTasks(std::vector<class Run::Prepared> prepared) {
  for (class Run::Prepared& task : prepared) {
    const TaskSpec spec = task.spec;
    if (!spec.writes.empty() && !parts_.locks->TryLock(spec.writes)) {
      if (locked_out_.empty()) {
        parts_.listener->OnChange(
            absl::StrCat("another coordinator on this machine writes to ",
                         spec.writes, ": waiting for it"));
      }
      locked_out_.push_back(std::move(task));
      continue;
    }
    tasks_[spec.key] = {std::move(task.task), spec};
    if (!parts_.scheduler->AddTask(spec, task.attempts, task.losses)) {
      // The registry was set aside: the next submit takes it up.
      if (!spec.writes.empty()) parts_.locks->Unlock(spec.writes);
      tasks_.erase(spec.key);
    }
  }
}

void RunLoop::RetryLocked() {
  if (draining_ || locked_out_.empty()) return;
  std::vector<class Run::Prepared> again;
  again.swap(locked_out_);
  // Said once; those that are still locked are kept without another notice.
  for (class Run::Prepared& task : again) {
    if (parts_.locks->TryLock(task.spec.writes)) {
      parts_.locks->Unlock(task.spec.writes);
      AddTasks({std::move(task)});
    } else {
      locked_out_.push_back(std::move(task));
    }
  }
}

void RunLoop::Apply(const SchedulerEffect& effect, absl::Time now) {
  if (const auto* dispatch = std::get_if<DispatchTask>(&effect)) {
    Dispatch(*dispatch, now);
  } else if (const auto* cancel = std::get_if<CancelTask>(&effect)) {
    proto::Envelope message;
    SetId(cancel->task, *message.mutable_cancel()->mutable_id());
    message.mutable_cancel()->set_attempt(cancel->attempt);
    message.mutable_cancel()->set_reason(cancel->reason);
    parts_.fleet->Send(cancel->worker, std::move(message));
  } else if (const auto* change = std::get_if<GrantConnections>(&effect)) {
    proto::Envelope message;
    proto::Grant& grant = *message.mutable_grant();
    grant.set_registry(change->registry);
    grant.set_version(change->version);
    grant.set_connections(change->connections);
    grant.set_rate_limited(change->rate_limited);
    grant.set_permits(change->permits);
    grant.set_parked_ms(
        static_cast<uint32_t>(absl::ToInt64Milliseconds(change->parked)));
    parts_.fleet->Send(change->worker, std::move(message));
  } else if (const auto* give_up = std::get_if<GiveUpTask>(&effect)) {
    // Cancelled, perhaps, but not known to have stopped.
    const auto task = tasks_.find(give_up->task);
    if (task != tasks_.end()) {
      UnlockLater(std::exchange(task->second.spec.writes, ""), now);
    }
    EndTask(give_up->task,
            FailedResult(proto::Problem::PERMANENT, give_up->reason));
  } else if (const auto* aside = std::get_if<SetRegistryAside>(&effect)) {
    SetAside(*aside, now);
  } else if (const auto* count = std::get_if<CountSetbacks>(&effect)) {
    JournalSetbacks(*count);
  }
}

// Without them the task is tried more often, no more: nothing waits for it.
void RunLoop::JournalSetbacks(const CountSetbacks& count) {
  // Pages of a catalogue are not in the journal.
  if (journal_away_ || parts_.run->AboutOf(count.task).is_listing) return;
  const absl::Status status = parts_.journal->WriteAttempts(
      {count.task.shard, count.task.index, count.attempts, count.losses});
  if (absl::IsUnavailable(status)) NoteJournalAway(status);
}

void RunLoop::Dispatch(const DispatchTask& dispatch, absl::Time now) {
  const auto task = tasks_.find(dispatch.task);
  if (task == tasks_.end()) return;
  proto::Envelope message;
  proto::Dispatch& body = *message.mutable_dispatch();
  *body.mutable_task() = task->second.operation;
  SetId(dispatch.task, *body.mutable_task()->mutable_lease()->mutable_id());
  body.mutable_task()->mutable_lease()->set_attempt(dispatch.attempt);
  body.mutable_task()->mutable_lease()->set_ttl_ms(static_cast<uint32_t>(
      absl::ToInt64Milliseconds(parts_.scheduler_options.lease)));
  for (const std::string& registry : task->second.spec.registries) {
    if (!list_referrers_.contains(registry)) continue;
    body.mutable_task()->add_list_referrers(registry);
  }
  const auto session = sessions_.find(dispatch.worker);
  if (session != sessions_.end()) {
    body.set_heartbeat(session->second.heartbeat);
  }
  const auto hand_back = [&] {
    parts_.scheduler->Result(dispatch.worker, dispatch.task, dispatch.attempt,
                             Scheduler::HandedBack{}, now);
  };
  if (parts_.run->IsStopped(dispatch.task)) {
    parts_.scheduler->Result(dispatch.worker, dispatch.task, dispatch.attempt,
                             Scheduler::Ended{}, now);
    proto::TaskResult skipped;
    skipped.set_outcome(proto::TaskResult::SKIPPED);
    EndTask(dispatch.task, std::move(skipped));
    return;
  }
  if (body.task().has_delete_repository() &&
      !parts_.settings.delete_policy().dry_run()) {
    proto::DeleteRepository& deletion =
        *body.mutable_task()->mutable_delete_repository();
    const absl::Status status = AddIntent(deletion);
    if (absl::IsUnavailable(status)) {
      NoteJournalAway(status);
      hand_back();
      return;
    }
    if (!status.ok()) {
      parts_.scheduler->Result(dispatch.worker, dispatch.task, dispatch.attempt,
                               Scheduler::Ended{}, now);
      EndTask(dispatch.task, FailedResult(proto::Problem::PERMANENT,
                                          std::string(status.message())));
      return;
    }
  }
  task->second.session = dispatch.worker;
  task->second.attempt = dispatch.attempt;
  if (!parts_.fleet->Send(dispatch.worker, std::move(message))) hand_back();
}

absl::Status RunLoop::AddIntent(proto::DeleteRepository& deletion) {
  absl::StatusOr<std::optional<proto::Intent>> intent =
      parts_.journal->ReadIntent(deletion.registry(),
                                 deletion.entry().repository());
  if (!intent.ok()) return intent.status();
  if (*intent) *deletion.mutable_intent() = **std::move(intent);
  return absl::OkStatus();
}

void RunLoop::UnlockLater(const std::string& repository, absl::Time now) {
  if (repository.empty()) return;
  unlocks_.emplace_back(now + parts_.scheduler_options.lease, repository);
}

void RunLoop::UnlockDue(absl::Time now) {
  while (!unlocks_.empty() && unlocks_.front().first <= now) {
    parts_.locks->Unlock(unlocks_.front().second);
    unlocks_.pop_front();
  }
}

void RunLoop::SetAside(const SetRegistryAside& effect, absl::Time now) {
  parts_.run->SetAside(effect.registry, effect.reason);
  parts_.listener->OnNotice(absl::StrCat(
      "registry ", effect.registry,
      " is set aside, the others go on: ", Printable(effect.reason, 2000)));
  absl::erase_if(tasks_, [&](auto& entry) {
    TaskSpec& spec = entry.second.spec;
    const bool touches =
        std::find(spec.registries.begin(), spec.registries.end(),
                  effect.registry) != spec.registries.end();
    if (touches) UnlockLater(std::exchange(spec.writes, ""), now);
    // One that is under way says yet what it has done.
    return touches && entry.second.session.empty();
  });
  std::erase_if(locked_out_, [&](const class Run::Prepared& task) {
    const std::vector<std::string>& registries = task.spec.registries;
    return std::find(registries.begin(), registries.end(), effect.registry) !=
           registries.end();
  });
}

}  // namespace registry_manager
