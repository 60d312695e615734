// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// What workers say, and what becomes of it.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "coordinator/server/run_loop.h"
#include "coordinator/server/task_ids.h"

namespace registry_manager {
namespace {

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

}  // namespace

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
      parts_.scheduler->NoteSilent(session, request.registry(),
                                   request.silent(), now);
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
    case proto::Envelope::kBlobClaim:
      HandleBlobClaim(session, message.blob_claim(), now);
      break;
    case proto::Envelope::kBlobEnd:
      HandleBlobEnd(session, message.blob_end(), now);
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
      parts_.scheduler->Heartbeat(session, running, now,
                                  /*renew=*/now < owned_until_);
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

void RunLoop::HandleProgress(proto::Progress progress) {
  const TaskKey key = KeyOf(progress.id());
  const auto task = tasks_.find(key);
  if (task == tasks_.end()) return;
  task->second.account.TakeAhead(progress.attempt(),
                                 *progress.mutable_actions());
  const class Run::About about = parts_.run->AboutOf(key);
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
    proto::Intent intent = write.intent();
    intent.set_run(parts_.run->id());
    const absl::Status status =
        parts_.journal->WriteIntent(write.registry(), write.repository(),
                                    write.has_intent() ? &intent : nullptr);
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

void RunLoop::HandleBlobClaim(const std::string& session,
                              const proto::BlobClaim& claim, absl::Time now) {
  const TaskKey key = KeyOf(claim.id());
  if (!parts_.scheduler->HoldsLease(session, key, claim.attempt(), now)) {
    proto::Envelope reply;
    reply.mutable_blob_turn()->set_number(claim.number());
    reply.mutable_blob_turn()->set_refused(true);
    parts_.fleet->Send(session, std::move(reply));
    return;
  }
  SendTurns(
      blob_claims_.Claim({claim.target(), claim.digest()}, claim.repository(),
                         {session, key, claim.attempt(), claim.number()}));
}

void RunLoop::HandleBlobEnd(const std::string& session,
                            const proto::BlobEnd& end, absl::Time now) {
  const TaskKey key = KeyOf(end.id());
  if (!parts_.scheduler->HoldsLease(session, key, end.attempt(), now)) return;
  const BlobClaims::Blob blob = {end.target(), end.digest()};
  if (end.outcome() == proto::BlobEnd::LACKING) {
    blob_claims_.Forget(blob, end.repository());
    return;
  }
  SendTurns(blob_claims_.End(blob, end.repository(),
                             {session, key, end.attempt()},
                             end.outcome() == proto::BlobEnd::PRESENT));
}

void RunLoop::SendTurns(const BlobClaims::Turns& turns) {
  for (const BlobClaims::Turn& turn : turns) {
    proto::Envelope message;
    message.mutable_blob_turn()->set_number(turn.number);
    message.mutable_blob_turn()->set_present(turn.present);
    message.mutable_blob_turn()->set_mount_from(turn.mount_from);
    // Lost: the claim comes again.
    parts_.fleet->Send(turn.session, std::move(message));
  }
}

void RunLoop::ReleaseBlobClaims(absl::Time now) {
  SendTurns(blob_claims_.Release([&](const BlobClaims::Claimant& one) {
    return parts_.scheduler->HoldsLease(one.session, one.task, one.attempt,
                                        now);
  }));
}

void RunLoop::HandleResult(const std::string& session,
                           const proto::Result& message, absl::Time now) {
  const proto::TaskResult& result = message.result();
  const TaskKey key = KeyOf(result.id());
  const auto task = tasks_.find(key);
  if (task != tasks_.end()) {
    TellAnswered(task->second.spec, result, now);
    RememberReferrersApi(task->second.spec, result);
  }
  const Scheduler::Acceptance acceptance = parts_.scheduler->Result(
      session, key, result.attempt(), VerdictOf(result), now);
  if (acceptance == Scheduler::Acceptance::kEnded) {
    EndTask(key, result);
    unflushed_.insert(key);
  } else {
    TellDone(key, result);
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

// Those of the task alone: a worker names all that it knows.
void RunLoop::RememberReferrersApi(const TaskSpec& spec,
                                   const proto::TaskResult& result) {
  for (const std::string& registry : result.list_referrers()) {
    if (absl::c_linear_search(spec.registries, registry)) {
      list_referrers_.insert(registry);
    }
  }
}

void RunLoop::TellDone(const TaskKey& key, proto::TaskResult result) {
  const auto task = tasks_.find(key);
  if (task == tasks_.end()) return;
  task->second.account.TakeOpen(result);
  const class Run::About about = parts_.run->AboutOf(key);
  if (about.stream == nullptr || result.actions_size() == 0) return;
  parts_.listener->OnActions(about, result.actions());
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
    task->second.account.Close(result);
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
    parts_.run->StopDeletes(problem.registry(), problem.message(), commit_);
  }
  if (problem.kind() == proto::Problem::REGISTRY_HARMS_OTHERS) {
    CancelDeletes(problem.registry());
  }
  parts_.listener->OnEnded(about, result);
  parts_.run->Forget(key);
}

// They are handed back, and skipped when they would be sent again.
void RunLoop::CancelDeletes(const std::string& registry) {
  for (const auto& [key, task] : tasks_) {
    if (task.operation.delete_repository().registry() != registry ||
        task.session.empty()) {
      continue;
    }
    proto::Envelope message;
    SetId(key, *message.mutable_cancel()->mutable_id());
    message.mutable_cancel()->set_attempt(task.attempt);
    message.mutable_cancel()->set_reason(
        "deleting from this registry was stopped");
    parts_.fleet->Send(task.session, std::move(message));
  }
}

}  // namespace registry_manager
