// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "common/wire/envelope.h"
#include "worker/slots/registry_options.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kResend = absl::Seconds(2);
// The turns before it may be long.
constexpr absl::Duration kResendClaim = absl::Seconds(10);
// The most that a worker keeps: tasks, and results that nobody acknowledges.
// Tasks beyond these limits are handed back.
constexpr size_t kMaxTasks = 1024;
constexpr size_t kMaxResultBytes = size_t{64} << 20;
// For what surrounds a result in its message.
constexpr size_t kEnvelopeOverhead = 4 << 10;
constexpr absl::string_view kLeaseEnded = "the lease of this task has ended";

}  // namespace

Session::Session(SessionOptions options, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      epoch_(options_.epoch_seen),
      hello_due_(options_.begin),
      results_(kResend),
      intents_(kResend),
      blob_claims_(kResendClaim),
      credentials_requests_(kResend) {
  parts_.grants->BeginSession();
}

Session::~Session() {
  CancelAll("the session with the coordinator has ended");
  for (const auto& [number, call] : pending_credentials_) {
    call->Answer(absl::CancelledError("the session has ended"));
  }
}

Session::Key Session::KeyOf(const proto::TaskId& id, uint32_t attempt) {
  return {id.run(), id.shard(), id.index(), attempt};
}

Session::Task* Session::Find(const proto::TaskId& id, uint32_t attempt) {
  const auto task = tasks_.find(KeyOf(id, attempt));
  return task == tasks_.end() ? nullptr : &task->second;
}

Session::Task* Session::FindOwn(const Assignment& assignment) {
  Task* task = Find(assignment.id(), assignment.attempt());
  return task != nullptr && task->assignment.get() == &assignment ? task
                                                                  : nullptr;
}

// --- messages ---

void Session::Receive(const proto::Envelope& message) {
  if (message.epoch() < epoch_) return;
  // A coordinator that cannot read a message does not know its session.
  const bool nameless_reject =
      message.has_reject() && message.session().empty();
  if (message.session() != options_.id && !nameless_reject) return;
  const bool other_coordinator =
      state_ == State::kJoined && message.epoch() > epoch_;
  epoch_ = message.epoch();
  if (other_coordinator) {
    // It took a repeated Hello for a new session's, and knows nothing of this
    // one's leases, grants and numbers.
    reason_ = "another coordinator has taken over";
    state_ = State::kOver;
    return;
  }
  if (message.has_reject()) {
    ReceiveReject(message.reject().reason());
    return;
  }
  if (message.has_welcome()) {
    ReceiveWelcome(message.welcome());
    return;
  }
  if (state_ != State::kJoined) return;
  switch (message.body_case()) {
    case proto::Envelope::kDispatch:
      ReceiveDispatch(message.dispatch());
      break;
    case proto::Envelope::kHeartbeatAck:
      ReceiveHeartbeatAck(message.heartbeat_ack());
      break;
    case proto::Envelope::kResultAck:
      ReceiveResultAck(message.result_ack());
      break;
    case proto::Envelope::kGrant:
      parts_.grants->Gate(message.grant().registry())->Apply(message.grant());
      break;
    case proto::Envelope::kSettings:
      ReceiveSettings(message.settings());
      break;
    case proto::Envelope::kIntentAck:
      ReceiveIntentAck(message.intent_ack());
      break;
    case proto::Envelope::kBlobTurn:
      ReceiveBlobTurn(message.blob_turn());
      break;
    case proto::Envelope::kCredentialsReply:
      ReceiveCredentials(message.credentials_reply());
      break;
    case proto::Envelope::kCancel:
      ReceiveCancel(message.cancel());
      break;
    case proto::Envelope::kDrain:
      Drain();
      break;
    default:
      break;
  }
}

void Session::ReceiveUnreadable(const absl::Status& why) {
  if (absl::IsFailedPrecondition(why)) {
    ReceiveReject(std::string(why.message()));
  }
}

void Session::ReceiveReject(const std::string& reason) {
  reason_ = Printable(reason, 1024);
  state_ = state_ == State::kJoining ? State::kRejected : State::kOver;
}

void Session::ReceiveWelcome(const proto::Welcome& welcome) {
  heartbeats_.NoteWelcome();
  if (state_ == State::kJoining) {
    state_ = State::kJoined;
    hello_due_ = absl::InfiniteDuration();
    if (welcome.heartbeat_ms() > 0) {
      heartbeat_every_ = absl::Milliseconds(welcome.heartbeat_ms());
    }
    if (welcome.lease_ms() > 0) {
      lease_ = absl::Milliseconds(welcome.lease_ms());
    }
  }
  // It may be the answer over a new connection: the old one may have lost
  // anything.
  heartbeat_due_ = parts_.clock->Now();
  results_.SendAllAgain();
  intents_.SendAllAgain();
  blob_claims_.SendAllAgain();
  credentials_requests_.SendAllAgain();
}

void Session::ReceiveDispatch(const proto::Dispatch& dispatch) {
  const proto::Lease& lease = dispatch.task().lease();
  if (Find(lease.id(), lease.attempt()) != nullptr) return;
  auto assignment = std::make_shared<Assignment>(dispatch.task(), parts_.clock);
  Task& task = tasks_[KeyOf(lease.id(), lease.attempt())];
  task.assignment = assignment;
  const std::optional<absl::Duration> from =
      heartbeats_.SentAt(dispatch.heartbeat());
  if (from) assignment->RenewLease(*from, absl::Milliseconds(lease.ttl_ms()));
  if (draining_) {
    Stop(task, "the worker is draining");
  } else if (parts_.clock->Now() >= assignment->lease_end()) {
    Stop(task, std::string(kLeaseEnded));
  } else if (tasks_.size() > kMaxTasks || results_.bytes() > kMaxResultBytes) {
    Stop(task, "the worker has too many results that are not acknowledged");
  } else {
    StartTasksOf(lease.id().run());
  }
}

void Session::ReceiveHeartbeatAck(const proto::HeartbeatAck& ack) {
  const std::optional<absl::Duration> sent =
      heartbeats_.NoteAnswered(ack.number());
  if (sent) {
    for (const proto::Lease& lease : ack.renewed()) {
      Task* task = Find(lease.id(), lease.attempt());
      if (task == nullptr) continue;
      task->assignment->RenewLease(*sent, absl::Milliseconds(lease.ttl_ms()));
    }
  }
  for (const proto::Lease& lease : ack.lost()) {
    Task* task = Find(lease.id(), lease.attempt());
    if (task != nullptr) {
      Stop(*task, "the task is not this worker's any more");
    }
  }
}

void Session::ReceiveResultAck(const proto::ResultAck& ack) {
  if (!results_.Acknowledge(ack.number())) return;
  const auto key = task_of_result_.find(ack.number());
  tasks_.erase(key->second);
  task_of_result_.erase(key);
}

void Session::ReceiveSettings(const proto::Settings& settings) {
  const proto::RunSettings& run = settings.settings();
  for (const proto::Registry& registry : run.registries()) {
    parts_.grants->Gate(registry.id())
        ->SetMax(static_cast<int>(registry.max_connections()));
  }
  settings_.Put(run, parts_.clock->Now());
  StartTasksOf(run.run());
}

void Session::ReceiveIntentAck(const proto::IntentAck& ack) {
  if (!intents_.Acknowledge(ack.number())) return;
  const auto pending = pending_intents_.find(ack.number());
  if (ack.accepted()) {
    pending->second.call->Answer(absl::OkStatus());
  } else {
    const std::string reason =
        absl::StrCat(kLeaseEnded, ": its intent was not journalled");
    pending->second.call->Answer(absl::CancelledError(reason));
    const auto task = tasks_.find(pending->second.task);
    if (task != tasks_.end()) Stop(task->second, reason);
  }
  pending_intents_.erase(pending);
}

void Session::ReceiveBlobTurn(const proto::BlobTurn& turn) {
  if (!blob_claims_.Acknowledge(turn.number())) return;
  const auto pending = pending_blobs_.find(turn.number());
  if (turn.refused()) {
    pending->second.call->Answer(absl::CancelledError(kLeaseEnded));
    const auto task = tasks_.find(pending->second.task);
    if (task != tasks_.end()) Stop(task->second, std::string(kLeaseEnded));
  } else {
    BlobLedger::Turn mine;
    mine.present = turn.present();
    if (!turn.mount_from().empty()) mine.mount_from = turn.mount_from();
    pending->second.call->Answer(std::move(mine));
  }
  pending_blobs_.erase(pending);
}

void Session::ReceiveCredentials(const proto::CredentialsReply& reply) {
  if (!credentials_requests_.Acknowledge(reply.number())) return;
  const auto pending = pending_credentials_.find(reply.number());
  if (reply.problem().empty()) {
    pending->second->Answer(CredentialsOf(reply.credentials()));
  } else {
    pending->second->Answer(
        absl::FailedPreconditionError(Printable(reply.problem(), 1024)));
  }
  pending_credentials_.erase(pending);
}

void Session::ReceiveCancel(const proto::Cancel& cancel) {
  Task* task = Find(cancel.id(), cancel.attempt());
  if (task != nullptr) Stop(*task, Printable(cancel.reason()));
}

// --- tasks ---

void Session::StartTasksOf(const std::string& run) {
  const std::shared_ptr<const proto::RunSettings> settings =
      settings_.Find(run);
  if (settings == nullptr) return;
  for (auto& [key, task] : tasks_) {
    if (task.started || task.finished || std::get<0>(key) != run) continue;
    task.started = true;
    parts_.executor->Add(task.assignment, settings);
  }
}

void Session::Stop(Task& task, const std::string& reason) {
  if (task.finished) return;
  task.assignment->cancellation().Cancel(absl::CancelledError(reason));
  // A task that has begun ends by itself, soon.
  if (task.assignment->Claim()) AddResult(task, HandedBack(reason));
}

void Session::Finish(const std::shared_ptr<Assignment>& assignment,
                     proto::TaskResult result) {
  Task* task = FindOwn(*assignment);
  if (task != nullptr && !task->finished) AddResult(*task, std::move(result));
}

void Session::AddResult(Task& task, proto::TaskResult result) {
  if (result.ByteSizeLong() > kMaxEnvelopeBytes - kEnvelopeOverhead) {
    const proto::Counts counts = result.counts();
    result = proto::TaskResult();
    *result.mutable_counts() = counts;
    result.set_outcome(proto::TaskResult::FAILED);
    result.mutable_problem()->set_kind(proto::Problem::PERMANENT);
    result.mutable_problem()->set_message(
        absl::StrCat("the account of what was done is larger than the ",
                     kMaxEnvelopeBytes, " bytes that a message may have"));
  }
  *result.mutable_id() = task.assignment->id();
  result.set_attempt(task.assignment->attempt());
  const uint64_t number = results_.NextNumber();
  task.finished = true;
  task_of_result_[number] =
      KeyOf(task.assignment->id(), task.assignment->attempt());
  proto::Envelope message;
  message.mutable_result()->set_number(number);
  *message.mutable_result()->mutable_result() = std::move(result);
  results_.Add(std::move(message));
}

void Session::WriteIntent(const std::shared_ptr<Assignment>& assignment,
                          proto::IntentWrite write,
                          std::shared_ptr<IntentCall> call) {
  if (FindOwn(*assignment) == nullptr) {
    call->Answer(absl::CancelledError(kLeaseEnded));
    return;
  }
  if (write.ByteSizeLong() > kMaxEnvelopeBytes - kEnvelopeOverhead) {
    call->Answer(absl::FailedPreconditionError(absl::StrCat(
        "what is to be deleted from ", Printable(write.repository()),
        " is more than the ", kMaxEnvelopeBytes,
        " bytes that can be journalled at once; raise mix-count "
        "for a first run, so that fewer tags go at a time")));
    return;
  }
  const uint64_t number = intents_.NextNumber();
  write.set_number(number);
  *write.mutable_id() = assignment->id();
  write.set_attempt(assignment->attempt());
  pending_intents_[number] = {KeyOf(assignment->id(), assignment->attempt()),
                              std::move(call)};
  proto::Envelope message;
  *message.mutable_intent_write() = std::move(write);
  intents_.Add(std::move(message));
}

void Session::ClaimBlob(const std::shared_ptr<Assignment>& assignment,
                        const BlobPlace& place,
                        std::shared_ptr<BlobCall> call) {
  if (FindOwn(*assignment) == nullptr) {
    call->Answer(absl::CancelledError(kLeaseEnded));
    return;
  }
  const uint64_t number = blob_claims_.NextNumber();
  pending_blobs_[number] = {KeyOf(assignment->id(), assignment->attempt()),
                            std::move(call)};
  proto::Envelope message;
  proto::BlobClaim& claim = *message.mutable_blob_claim();
  claim.set_number(number);
  *claim.mutable_id() = assignment->id();
  claim.set_attempt(assignment->attempt());
  claim.set_target(place.target);
  claim.set_repository(place.repository);
  claim.set_digest(place.digest);
  blob_claims_.Add(std::move(message));
}

void Session::EndBlob(const std::shared_ptr<Assignment>& assignment,
                      const BlobPlace& place, proto::BlobEnd::Outcome outcome) {
  // With the task's lease its turns end by themselves.
  if (FindOwn(*assignment) == nullptr) return;
  proto::BlobEnd& end = blob_ends_.emplace_back();
  *end.mutable_id() = assignment->id();
  end.set_attempt(assignment->attempt());
  end.set_target(place.target);
  end.set_repository(place.repository);
  end.set_digest(place.digest);
  end.set_outcome(outcome);
}

void Session::AskForCredentials(const std::string& run,
                                const std::string& registry,
                                std::shared_ptr<CredentialsCall> call) {
  const uint64_t number = credentials_requests_.NextNumber();
  pending_credentials_[number] = std::move(call);
  proto::Envelope message;
  proto::CredentialsRequest& request = *message.mutable_credentials_request();
  request.set_number(number);
  request.set_run(run);
  request.set_registry(registry);
  credentials_requests_.Add(std::move(message));
}

std::set<std::string> Session::RunsNeeded(bool started) const {
  std::set<std::string> runs;
  for (const auto& [key, task] : tasks_) {
    if (!task.finished && task.started == started)
      runs.insert(std::get<0>(key));
  }
  return runs;
}

// --- the end ---

void Session::Drain() {
  draining_ = true;
  for (auto& [key, task] : tasks_) {
    if (!task.finished && task.assignment->Claim()) {
      AddResult(task, HandedBack("the worker is draining"));
    }
  }
}

void Session::CancelAll(const std::string& reason) {
  for (auto& [key, task] : tasks_) Stop(task, reason);
}

void Session::SayGoodbye() {
  proto::Envelope message;
  message.mutable_goodbye();
  Send(std::move(message));
}

// --- time ---

void Session::Advance() {
  const absl::Duration now = parts_.clock->Now();
  if (state_ == State::kJoined && now >= heartbeats_.answered_at() + lease_) {
    state_ = State::kOver;
    reason_ = absl::StrCat("the coordinator was silent for ",
                           absl::FormatDuration(lease_));
  }
  if (state_ == State::kOver || state_ == State::kRejected) {
    CancelAll(reason_);
    return;
  }
  EndLeases(now);
  settings_.DropUnused(RunsNeeded(/*started=*/true), now);
  blocked_since_.reset();
  if (!SendDue(now)) blocked_since_ = now;
}

void Session::EndLeases(absl::Duration now) {
  for (auto& [key, task] : tasks_) {
    if (!task.finished && now >= task.assignment->lease_end()) {
      Stop(task, std::string(kLeaseEnded));
    }
  }
}

absl::Duration Session::NextWake() const {
  // The socket wakes when it takes more; this is for when that is missed.
  absl::Duration next =
      blocked_since_ ? *blocked_since_ + absl::Milliseconds(100) : NextSend();
  if (state_ != State::kJoined) return next;
  next = std::min(next, heartbeats_.answered_at() + lease_);
  for (const auto& [key, task] : tasks_) {
    if (!task.finished) next = std::min(next, task.assignment->lease_end());
  }
  return next;
}

}  // namespace registry_manager
