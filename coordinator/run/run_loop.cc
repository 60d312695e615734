// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/run_loop.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "coordinator/run/counts.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kRenewEvery = absl::Seconds(5);
constexpr absl::Duration kProgressEvery = absl::Seconds(1);
constexpr absl::Duration kJournalRetry = absl::Milliseconds(200);
constexpr int kMaxExitsWithoutHello = 10;
constexpr absl::Duration kDrainPatience = absl::Seconds(20);

// A clock that counts suspended time, as leases do.
absl::Time Now() {
  timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return absl::TimeFromTimespec(time);
}

TaskKey KeyOf(const proto::TaskId& id) {
  return {id.run(), id.shard(), id.index()};
}

void SetId(const TaskKey& key, proto::TaskId& id) {
  id.set_run(key.run);
  id.set_shard(key.shard);
  id.set_index(key.index);
}

Scheduler::Verdict VerdictOf(const proto::TaskResult& result) {
  using proto::Problem;
  const Problem& problem = result.problem();
  if (result.outcome() != proto::TaskResult::FAILED) return Scheduler::Ended{};
  switch (problem.kind()) {
    case Problem::REGISTRY_UNREACHABLE:
      return Scheduler::Unreachable{problem.registry(), problem.message()};
    case Problem::REGISTRY_REFUSES_CREDENTIALS:
      return Scheduler::Refused{problem.registry(), problem.message()};
    case Problem::TRANSIENT:
      return Scheduler::TryAgain{problem.message()};
    case Problem::CANCELLED:
      return Scheduler::HandedBack{};
    default:
      return Scheduler::Ended{};
  }
}

proto::TaskResult FailedResult(proto::Problem::Kind kind,
                               const std::string& reason) {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::FAILED);
  result.mutable_problem()->set_kind(kind);
  result.mutable_problem()->set_message(reason);
  return result;
}

}  // namespace

absl::StatusOr<RunLoop::End> RunLoop::Run() {
  while (true) {
    absl::Time now = Now();
    pollfd fds[] = {{parts_.fleet->fd(), POLLIN, 0},
                    {parts_.signal_fd, POLLIN, 0}};
    poll(fds, 2, PollTimeout(now));
    now = Now();
    ReadSignals(now);
    ReapWorkers(now);
    ReadMessages(now);
    absl::Status status = FlushJournal();
    if (status.ok()) status = Feed();
    if (status.ok()) status = Housekeep(now);
    if (!status.ok()) return status;
    for (const SchedulerEffect& effect : parts_.scheduler->Poll(now)) {
      Apply(effect, now);
    }
    // What Send left behind an edge of the socket's descriptor.
    ReadMessages(now);
    if (IsDone(now)) break;
  }
  absl::Status status = FlushJournal();
  if (!status.ok()) return status;
  return draining_ ? End::kInterrupted : End::kReachedEnd;
}

int RunLoop::PollTimeout(absl::Time now) const {
  absl::Time wake = std::min(parts_.scheduler->NextWake(), next_progress_);
  if (journal_away_) wake = std::min(wake, next_flush_);
  const bool feeds = feed_again_ && !draining_;
  if (!journal_away_ && (feeds || !IsFlushed())) return 0;
  const absl::Duration wait =
      std::clamp(wake - now, absl::ZeroDuration(), absl::Milliseconds(1000));
  return static_cast<int>(
      absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1))));
}

bool RunLoop::IsDone(absl::Time now) const {
  if (quick_) return true;
  if (draining_) {
    return (parts_.scheduler->running() == 0 && IsFlushed()) ||
           now > drain_deadline_;
  }
  return IsFlushed() && parts_.run->Finished() && locked_out_.empty() &&
         parts_.scheduler->tasks() == 0;
}

// --- the world outside ---

void RunLoop::ReadSignals(absl::Time now) {
  signalfd_siginfo info;
  while (read(parts_.signal_fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) continue;
    if (draining_) {
      quick_ = true;
    } else {
      BeginDrain(now);
    }
  }
}

void RunLoop::BeginDrain(absl::Time now) {
  draining_ = true;
  drain_deadline_ = now + kDrainPatience;
  parts_.scheduler->Hold(true);
  parts_.scheduler->DropWaiting();
  parts_.workers->StopRestarting();
  parts_.listener->OnNotice(
      absl::StrCat("interrupted: waiting for ", parts_.scheduler->running(),
                   " tasks under way (again to stop at once)"));
  for (const auto& [session, state] : sessions_) {
    proto::Envelope drain;
    drain.mutable_drain();
    parts_.fleet->Send(session, std::move(drain));
  }
}

void RunLoop::ReapWorkers(absl::Time now) {
  for (const LocalWorkers::Exit& exit : parts_.workers->Poll(now)) {
    if (!draining_) {
      parts_.listener->OnNotice(
          absl::StrCat("worker process ", exit.pid, " ended: ", exit.how));
    }
    bool was_ready = draining_;
    for (auto session = sessions_.begin(); session != sessions_.end();) {
      if (session->second.pid != static_cast<uint32_t>(exit.pid)) {
        ++session;
        continue;
      }
      was_ready = true;
      parts_.scheduler->Leave(session->first, /*lost=*/!draining_, now);
      parts_.fleet->Drop(session->first);
      session = sessions_.erase(session);
    }
    if (!was_ready) ++exits_without_hello_;
  }
}

void RunLoop::ReadMessages(absl::Time now) {
  // A commit is to be small. While the journal is away there are no more
  // results than tasks that were under way, and leases depend on heartbeats.
  constexpr size_t kMaxBatch = 512;
  while (journal_away_ || commit_.outcomes.size() < kMaxBatch) {
    const std::optional<proto::Envelope> message = parts_.fleet->Receive();
    if (!message) return;
    Handle(*message, now);
  }
}

void RunLoop::Handle(const proto::Envelope& message, absl::Time now) {
  const std::string& session = message.session();
  if (message.has_hello()) {
    HandleHello(session, message.hello(), now);
    return;
  }
  if (!parts_.scheduler->Knows(session)) {
    proto::Envelope reject;
    reject.mutable_reject()->set_reason(
        "the session is over: its lease has passed");
    parts_.fleet->Send(session, std::move(reject));
    return;
  }
  switch (message.body_case()) {
    case proto::Envelope::kHeartbeat:
      HandleHeartbeat(session, message.heartbeat(), now);
      break;
    case proto::Envelope::kProgress:
      HandleProgress(message.progress());
      break;
    case proto::Envelope::kResult:
      HandleResult(session, message.result(), now);
      break;
    case proto::Envelope::kGrantRequest: {
      const proto::GrantRequest& request = message.grant_request();
      parts_.scheduler->Want(session, request.registry(), request.version(),
                             static_cast<int>(request.in_use()),
                             static_cast<int>(request.wanted()),
                             request.permits_wanted(), now);
      break;
    }
    case proto::Envelope::kThrottled:
      parts_.scheduler->Throttled(
          message.throttled().registry(),
          absl::Milliseconds(message.throttled().retry_after_ms()), now);
      break;
    case proto::Envelope::kSettingsRequest: {
      proto::Envelope reply;
      *reply.mutable_settings()->mutable_settings() = parts_.settings;
      parts_.fleet->Send(session, std::move(reply));
      break;
    }
    case proto::Envelope::kIntentWrite:
      HandleIntent(session, message.intent_write(), now);
      break;
    case proto::Envelope::kGoodbye:
      parts_.scheduler->Leave(session, /*lost=*/false, now);
      parts_.fleet->Drop(session);
      sessions_.erase(session);
      break;
    default:
      break;
  }
}

void RunLoop::HandleHello(const std::string& session, const proto::Hello& hello,
                          absl::Time now) {
  // A worker that says Hello again has given up its session before.
  for (auto old = sessions_.begin(); old != sessions_.end();) {
    if (old->second.pid == hello.pid() && old->first != session) {
      parts_.fleet->Drop(old->first);
      old = sessions_.erase(old);
    } else {
      ++old;
    }
  }
  sessions_[session].pid = hello.pid();
  exits_without_hello_ = 0;
  parts_.scheduler->Join(session, static_cast<int>(hello.slots()), now);
  proto::Envelope reply;
  reply.mutable_welcome()->set_heartbeat_ms(5000);
  reply.mutable_welcome()->set_lease_ms(static_cast<uint32_t>(
      absl::ToInt64Milliseconds(parts_.scheduler_options.lease)));
  parts_.fleet->Send(session, std::move(reply));
}

void RunLoop::HandleHeartbeat(const std::string& session,
                              const proto::Heartbeat& heartbeat,
                              absl::Time now) {
  sessions_[session].heartbeat = heartbeat.number();
  std::vector<Scheduler::RunningTask> running;
  for (const proto::RunningTask& task : heartbeat.running()) {
    running.push_back({KeyOf(task.id()), task.attempt(), task.progress()});
  }
  const Scheduler::HeartbeatReply reply =
      parts_.scheduler->Heartbeat(session, running, now);
  proto::Envelope message;
  proto::HeartbeatAck& ack = *message.mutable_heartbeat_ack();
  ack.set_number(heartbeat.number());
  const auto fill = [&](const Scheduler::RunningTask& task,
                        proto::Lease& lease) {
    SetId(task.task, *lease.mutable_id());
    lease.set_attempt(task.attempt);
    lease.set_ttl_ms(static_cast<uint32_t>(
        absl::ToInt64Milliseconds(parts_.scheduler_options.lease)));
  };
  for (const auto& task : reply.renewed) fill(task, *ack.add_renewed());
  for (const auto& task : reply.lost) fill(task, *ack.add_lost());
  parts_.fleet->Send(session, std::move(message));
}

void RunLoop::HandleProgress(const proto::Progress& progress) {
  const class Run::About about = parts_.run->AboutOf(KeyOf(progress.id()));
  if (about.stream != nullptr) {
    parts_.listener->OnActions(about, progress.actions());
  }
}

void RunLoop::HandleIntent(const std::string& session,
                           const proto::IntentWrite& write, absl::Time now) {
  const bool holds = parts_.scheduler->HoldsLease(session, KeyOf(write.id()),
                                                  write.attempt(), now);
  // Without an answer the worker asks again.
  if (holds && journal_away_) return;
  if (holds) {
    const absl::Status status = parts_.journal->WriteIntent(
        write.registry(), write.repository(),
        write.has_intent() ? &write.intent() : nullptr);
    if (absl::IsUnavailable(status)) NoteJournalAway(status);
    if (!status.ok()) {
      parts_.listener->OnNotice(
          absl::StrCat("the intent of deleting from ", write.registry(), "/",
                       Printable(write.repository()),
                       " cannot be journalled, nothing is deleted there: ",
                       status.message()));
      return;
    }
  }
  proto::Envelope reply;
  reply.mutable_intent_ack()->set_number(write.number());
  reply.mutable_intent_ack()->set_accepted(holds);
  parts_.fleet->Send(session, std::move(reply));
}

// --- results ---

void RunLoop::HandleResult(const std::string& session,
                           const proto::Result& message, absl::Time now) {
  const proto::TaskResult& result = message.result();
  const TaskKey key = KeyOf(result.id());
  const auto task = tasks_.find(key);
  if (task != tasks_.end()) TellAnswered(task->second.spec, result, now);
  const Scheduler::Acceptance acceptance = parts_.scheduler->Result(
      session, key, result.attempt(), VerdictOf(result), now);
  if (acceptance == Scheduler::Acceptance::kOpen && task != tasks_.end()) {
    AddCounts(LastingCounts(result.counts()), task->second.lasting);
  }
  if (acceptance == Scheduler::Acceptance::kEnded) {
    EndTask(key, result);
    unflushed_.insert(key);
  }
  // Also one that was sent again: it is acknowledged once it is journalled.
  if (unflushed_.contains(key)) {
    acks_.push_back({session, message.number()});
  } else {
    Acknowledge(session, message.number());
  }
}

void RunLoop::Acknowledge(const std::string& session, uint64_t number) {
  proto::Envelope ack;
  ack.mutable_result_ack()->set_number(number);
  parts_.fleet->Send(session, std::move(ack));
}

void RunLoop::TellAnswered(const TaskSpec& spec,
                           const proto::TaskResult& result, absl::Time now) {
  using proto::Problem;
  const Problem::Kind kind = result.problem().kind();
  if (kind == Problem::CANCELLED) return;
  // A sync that failed, or had nothing to do, may never have come to its
  // target.
  const bool all = result.outcome() == proto::TaskResult::DONE &&
                   result.counts().failed() == 0;
  for (const std::string& registry : spec.registries) {
    const bool answered = all || spec.registries.size() == 1 ||
                          registry == result.problem().registry();
    if (answered && kind != Problem::REGISTRY_UNREACHABLE) {
      parts_.scheduler->Answered(registry, now);
    }
  }
}

void RunLoop::EndTask(const TaskKey& key, proto::TaskResult result) {
  // Told once for the registry, not by all tasks that were under way.
  if (result.problem().kind() == proto::Problem::REGISTRY_DOES_NOT_DELETE &&
      parts_.run->IsStopped(key)) {
    result = proto::TaskResult();
    result.set_outcome(proto::TaskResult::SKIPPED);
  }
  if (result.outcome() == proto::TaskResult::FAILED) {
    result.mutable_counts()->set_failed(result.counts().failed() + 1);
  }
  const auto task = tasks_.find(key);
  if (task != tasks_.end()) {
    AddCounts(task->second.lasting, *result.mutable_counts());
    if (!task->second.spec.writes.empty()) {
      parts_.locks->Unlock(task->second.spec.writes);
    }
    tasks_.erase(task);
  }
  const class Run::About about = parts_.run->AboutOf(key);
  if (!parts_.run->End(key, result, commit_)) return;
  const proto::Problem& problem = result.problem();
  if (problem.kind() == proto::Problem::REGISTRY_DOES_NOT_DELETE ||
      problem.kind() == proto::Problem::REGISTRY_HARMS_OTHERS) {
    parts_.run->StopDeletes(problem.registry(), problem.message());
  }
  parts_.listener->OnEnded(about, result);
  parts_.run->Forget(key);
}

bool RunLoop::IsFlushed() const {
  return commit_.outcomes.empty() && commit_.shards.empty() &&
         commit_.listings.empty() && acks_.empty();
}

void RunLoop::NoteJournalAway(const absl::Status& status) {
  if (!journal_away_) {
    parts_.listener->OnNotice(absl::StrCat(
        "the journal cannot be reached or written, nothing new is begun until "
        "it is back: ",
        status.message()));
  }
  journal_away_ = true;
  next_flush_ = Now() + kJournalRetry;
  parts_.scheduler->Hold(true);
}

absl::Status RunLoop::FlushJournal() {
  if (!journal_away_ && IsFlushed()) return absl::OkStatus();
  if (journal_away_ && Now() < next_flush_) return absl::OkStatus();
  const absl::Status status =
      IsFlushed() ? parts_.journal->Renew() : parts_.journal->Write(commit_);
  if (absl::IsUnavailable(status)) {
    NoteJournalAway(status);
    return absl::OkStatus();
  }
  if (!status.ok()) return status;
  if (journal_away_) {
    parts_.listener->OnNotice("the journal is back");
    journal_away_ = false;
    parts_.scheduler->Hold(draining_);
  }
  commit_ = Commit();
  unflushed_.clear();
  for (const PendingAck& pending : acks_) {
    Acknowledge(pending.session, pending.number);
  }
  acks_.clear();
  return absl::OkStatus();
}

// --- tasks ---

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
                               refusal.skipped);
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
        parts_.listener->OnNotice(
            absl::StrCat("another coordinator on this machine writes to ",
                         spec.writes, ": waiting for it"));
      }
      locked_out_.push_back(std::move(task));
      continue;
    }
    tasks_[spec.key] = {std::move(task.task), spec, {}};
    if (!parts_.scheduler->AddTask(spec)) {
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

// --- effects ---

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
  }
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
  absl::erase_if(tasks_, [&](const auto& entry) {
    const TaskSpec& spec = entry.second.spec;
    const bool touches =
        std::find(spec.registries.begin(), spec.registries.end(),
                  effect.registry) != spec.registries.end();
    if (touches) UnlockLater(spec.writes, now);
    return touches;
  });
  std::erase_if(locked_out_, [&](const class Run::Prepared& task) {
    const std::vector<std::string>& registries = task.spec.registries;
    return std::find(registries.begin(), registries.end(), effect.registry) !=
           registries.end();
  });
}

absl::Status RunLoop::Housekeep(absl::Time now) {
  if (exits_without_hello_ >= kMaxExitsWithoutHello) {
    return absl::InternalError(
        "worker processes end again and again before they are ready; run "
        "`worker --help` to see whether the program starts at all");
  }
  if (now >= next_renewal_ && !journal_away_) {
    next_renewal_ = now + kRenewEvery;
    const absl::Status status = parts_.journal->Renew();
    if (absl::IsUnavailable(status)) {
      NoteJournalAway(status);
    } else if (!status.ok()) {
      return status;
    }
  }
  UnlockDue(now);
  if (now >= next_progress_) {
    next_progress_ = now + kProgressEvery;
    RetryLocked();
    parts_.listener->OnProgress(Snapshot());
  }
  return absl::OkStatus();
}

proto::RunSnapshot RunLoop::Snapshot() const {
  proto::RunSnapshot snapshot = parts_.run->Snapshot();
  snapshot.set_workers(sessions_.size());
  snapshot.set_slots_in_use(parts_.scheduler->running());
  snapshot.set_journal_away(journal_away_);
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  snapshot.set_pid(getpid());
  return snapshot;
}

}  // namespace registry_manager
