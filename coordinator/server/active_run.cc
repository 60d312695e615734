// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/active_run.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/reference/printable.h"
#include "coordinator/server/task_ids.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kRenewEvery = absl::Seconds(5);
constexpr absl::Duration kProgressEvery = absl::Milliseconds(250);
// The most outcomes that wait for the write before theirs when tasks are
// prepared.
constexpr size_t kMaxUnwritten = 4096;
constexpr absl::Duration kDrainPatience = absl::Seconds(20);

proto::TaskResult FailedResult(const std::string& reason) {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::FAILED);
  result.mutable_problem()->set_kind(proto::Problem::PERMANENT);
  result.mutable_problem()->set_message(reason);
  return result;
}

}  // namespace

ActiveRun::ActiveRun(ActiveRunParts parts, SharedParts shared, absl::Time now)
    : parts_(std::move(parts)),
      shared_(shared),
      settings_(parts_.settings),
      is_access_read_(!parts_.read_access),
      begins_(now + parts_.hold_off),
      owned_until_(now + parts_.ownership) {
  for (const auto& [registry, budget] : parts_.registries) {
    shared_.scheduler->AddRegistry(id(), registry, budget);
  }
  if (parts_.hold_off > absl::ZeroDuration()) {
    parts_.listener->OnNotice(absl::StrCat(
        "the coordinator before this one may not have ended: waiting ",
        absl::FormatDuration(parts_.hold_off), " for its workers to stop"));
  }
}

absl::Status ActiveRun::Advance(absl::Time now) {
  absl::Status status = failure_;
  // Before the flush: what is written next does not keep it waiting.
  if (status.ok()) status = PrepareNext(now);
  if (status.ok()) status = Flush(now);
  Housekeep(now);
  shared_.scheduler->Hold(id(), !MayDispatch(now));
  return status;
}

absl::Time ActiveRun::NextWake(absl::Time now) const {
  if (!journal_away_ && !is_writing_ && !IsFlushed()) return now;
  if (prepare_again_ && MayPrepare()) return now;
  absl::Time wake = next_progress_;
  // While the journal is tried again, the end of that wakes the server.
  const bool is_tried = is_writing_ || is_renewing_;
  if (journal_away_ && !is_tried) wake = std::min(wake, next_flush_);
  return wake;
}

bool ActiveRun::IsDone(absl::Time now) const {
  if (is_writing_) return false;
  // A run that must end does not wait for a journal that is away.
  if (quick_ || (draining_ && now > drain_deadline_)) {
    return IsFlushed() || journal_away_;
  }
  if (draining_) return shared_.scheduler->running(id()) == 0 && IsFlushed();
  return IsFlushed() && parts_.run->Finished() && locked_out_.empty() &&
         shared_.scheduler->tasks(id()) == 0;
}

void ActiveRun::Interrupt(absl::Time now) {
  if (draining_) return;
  draining_ = true;
  drain_deadline_ = now + kDrainPatience;
  shared_.scheduler->DropWaiting(id());
  parts_.listener->OnNotice(absl::StrCat(
      "interrupted: waiting for ", shared_.scheduler->running(id()),
      " tasks under way (again to stop at once)"));
}

void ActiveRun::End(const absl::StatusOr<RunEnd>& end, absl::Time now) {
  shared_.journal_thread->Wait();
  proto::RunSnapshot last = Snapshot(now);
  for (auto& [key, task] : tasks_) UnlockLater(task.spec, now);
  shared_.scheduler->RemoveRun(id());
  if (parts_.on_end) parts_.on_end(end, std::move(last));
}

bool ActiveRun::MayDispatch(absl::Time now) const {
  return !draining_ && !journal_away_ && setbacks_ == 0 && now >= begins_ &&
         IsOurs(now);
}

void ActiveRun::Housekeep(absl::Time now) {
  if (now >= next_renewal_ && !journal_away_ && !is_renewing_) {
    next_renewal_ = now + kRenewEvery;
    Renew(/*is_probe=*/false, now);
  }
  if (now >= next_progress_) {
    next_progress_ = now + kProgressEvery;
    RetryLocked();
    parts_.listener->OnProgress(Snapshot(now));
  }
}

// --- tasks ---

// Shards are read from the journal: they must have been written.
bool ActiveRun::MayPrepare() const {
  return !draining_ && !journal_away_ && !written_.has_records() &&
         !next_.has_records() && next_.commit.outcomes.size() < kMaxUnwritten;
}

absl::Status ActiveRun::PrepareNext(absl::Time now) {
  if (!MayPrepare()) return absl::OkStatus();
  Run::NextTasks next;
  const absl::Status status =
      parts_.run->PrepareNext(*parts_.journal, next_.commit, next);
  if (absl::IsUnavailable(status)) {
    NoteJournalAway(status, now);
  } else if (!status.ok()) {
    return status;
  }
  prepare_again_ = next.more;
  for (const Run::Refused& refusal : next.refused) {
    parts_.listener->OnRefused(parts_.run->Describe(refusal.key),
                               refusal.reason, refusal.why);
    parts_.run->Forget(refusal.key);
  }
  AddTasks(std::move(next.prepared));
  return absl::OkStatus();
}

void ActiveRun::AddTasks(std::vector<Run::Prepared> prepared) {
  for (Run::Prepared& task : prepared) {
    const TaskSpec spec = task.spec;
    if (!spec.writes.empty() && !shared_.locks->TryLock(spec.writes)) {
      if (locked_out_.empty()) {
        parts_.listener->OnChange(
            absl::StrCat("another coordinator on this machine writes to ",
                         spec.writes, ": waiting for it"));
      }
      locked_out_.push_back(std::move(task));
      continue;
    }
    tasks_[spec.key] = {std::move(task.task), spec};
    if (!shared_.scheduler->AddTask(spec, task.attempts, task.losses)) {
      // The registry was set aside: the next submit takes it up.
      if (!spec.writes.empty()) shared_.locks->Unlock(spec.writes);
      tasks_.erase(spec.key);
    }
  }
}

void ActiveRun::RetryLocked() {
  if (draining_ || locked_out_.empty()) return;
  std::vector<Run::Prepared> again;
  again.swap(locked_out_);
  // Said once; those that are still locked are kept without another notice.
  for (Run::Prepared& task : again) {
    if (shared_.locks->TryLock(task.spec.writes)) {
      shared_.locks->Unlock(task.spec.writes);
      AddTasks({std::move(task)});
    } else {
      locked_out_.push_back(std::move(task));
    }
  }
}

void ActiveRun::Dispatch(const DispatchTask& dispatch, absl::Time now) {
  const auto task = tasks_.find(dispatch.task);
  if (task == tasks_.end()) return;
  const auto answer = [&](const Scheduler::Verdict& verdict) {
    shared_.scheduler->Result(dispatch.worker, dispatch.task, dispatch.attempt,
                              verdict, now);
  };
  if (journal_away_) {
    answer(Scheduler::HandedBack{});
    return;
  }
  if (parts_.run->IsStopped(dispatch.task)) {
    answer(Scheduler::Ended{});
    proto::TaskResult skipped;
    skipped.set_outcome(proto::TaskResult::SKIPPED);
    EndTask(dispatch.task, std::move(skipped));
    return;
  }
  proto::Task operation = task->second.operation;
  SetId(dispatch.task, *operation.mutable_lease()->mutable_id());
  operation.mutable_lease()->set_attempt(dispatch.attempt);
  for (const std::string& registry : task->second.spec.registries) {
    if (!shared_.desk->HasReferrersApi(registry)) continue;
    operation.add_list_referrers(registry);
  }
  if (operation.has_delete_repository() &&
      !parts_.settings.delete_policy().dry_run()) {
    const absl::Status status =
        AddIntent(*operation.mutable_delete_repository());
    if (absl::IsUnavailable(status)) {
      NoteJournalAway(status, now);
      answer(Scheduler::HandedBack{});
      return;
    }
    if (!status.ok()) {
      answer(Scheduler::Ended{});
      EndTask(dispatch.task, FailedResult(std::string(status.message())));
      return;
    }
  }
  task->second.session = dispatch.worker;
  task->second.attempt = dispatch.attempt;
  if (!shared_.desk->Dispatch(dispatch.worker, std::move(operation))) {
    answer(Scheduler::HandedBack{});
  }
}

absl::Status ActiveRun::AddIntent(proto::DeleteRepository& deletion) {
  absl::StatusOr<std::optional<proto::Intent>> intent =
      parts_.journal->ReadIntent(deletion.registry(),
                                 deletion.entry().repository());
  if (!intent.ok()) return intent.status();
  if (*intent) *deletion.mutable_intent() = **std::move(intent);
  return absl::OkStatus();
}

void ActiveRun::GiveUp(const GiveUpTask& effect, absl::Time now) {
  // Its worker was told to stop, perhaps, but is not known to have stopped.
  const auto task = tasks_.find(effect.task);
  if (task != tasks_.end()) UnlockLater(task->second.spec, now);
  EndTask(effect.task, FailedResult(effect.reason));
}

void ActiveRun::UnlockLater(TaskSpec& spec, absl::Time now) {
  const std::string writes = std::exchange(spec.writes, "");
  if (writes.empty()) return;
  shared_.locks->UnlockAt(writes, now + shared_.desk->lease());
}

void ActiveRun::SetAside(const SetRegistryAside& effect, absl::Time now) {
  const auto touches = [&](const TaskSpec& spec) {
    return absl::c_linear_search(spec.registries, effect.registry);
  };
  parts_.run->SetAside(effect.registry, effect.reason);
  parts_.listener->OnNotice(absl::StrCat(
      "registry ", effect.registry,
      " is set aside, the others go on: ", Printable(effect.reason, 2000)));
  absl::erase_if(tasks_, [&](auto& entry) {
    if (!touches(entry.second.spec)) return false;
    UnlockLater(entry.second.spec, now);
    // One that is under way says yet what it has done.
    return entry.second.session.empty();
  });
  std::erase_if(locked_out_,
                [&](const Run::Prepared& task) { return touches(task.spec); });
}

// --- how it stands ---

proto::RunSnapshot ActiveRun::Snapshot(absl::Time now) const {
  // People and programs read the wall's clock.
  const auto unix_ms = [offset = absl::Now() - now](absl::Time time) {
    return time == absl::InfiniteFuture() ? 0
                                          : absl::ToUnixMillis(time + offset);
  };
  proto::RunSnapshot snapshot = parts_.run->Snapshot();
  snapshot.set_workers(shared_.desk->sessions());
  snapshot.set_slots(shared_.scheduler->slots());
  snapshot.set_slots_in_use(shared_.scheduler->running(id()));
  for (const Scheduler::RegistryUse& use : shared_.scheduler->Registries()) {
    const bool is_ours = absl::c_any_of(
        parts_.registries,
        [&](const auto& registry) { return registry.first == use.registry; });
    if (!is_ours) continue;
    proto::RegistrySnapshot& registry = *snapshot.add_registries();
    registry.set_registry(use.registry);
    registry.set_connections(use.connections);
    registry.set_limit(use.limit);
    if (use.parked_until > now) {
      registry.set_parked_until_unix_ms(unix_ms(use.parked_until));
    }
    registry.set_silent_since_unix_ms(unix_ms(use.silent_since));
    registry.set_set_aside_at_unix_ms(unix_ms(use.set_aside_at));
    registry.set_set_aside(use.set_aside);
    registry.set_waiting_for_rate(use.waiting_for_rate);
  }
  snapshot.set_journal_away(journal_away_);
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  snapshot.set_pid(getpid());
  return snapshot;
}

}  // namespace registry_manager
