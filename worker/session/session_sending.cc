// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// This file decides what a session sends, and when.

#include <algorithm>
#include <utility>

#include "common/base/version.h"
#include "worker/session/session.h"

namespace registry_manager {
namespace {

constexpr absl::Duration kMaxHelloBackOff = absl::Seconds(10);
// A coordinator that has not answered so many will not answer for one more.
constexpr size_t kMaxUnansweredHellos = 64;

}  // namespace

bool Session::Send(proto::Envelope message) {
  message.set_epoch(epoch_);
  message.set_session(options_.id);
  return parts_.send(message);
}

bool Session::SendDue(absl::Duration now) {
  if (!SendHello(now)) return false;
  if (state_ != State::kJoined) return true;
  const auto send = [this](const proto::Envelope& message) {
    return Send(message);
  };
  // Heartbeats before all else: leases depend on them. Actions before the
  // results that they belong to.
  return SendHeartbeat(now) && SendThrottled() && SendGrantRequests(now) &&
         intents_.SendDue(now, send) && SendBlobEnds() &&
         blob_claims_.SendDue(now, send) && SendSettingsRequests(now) &&
         credentials_requests_.SendDue(now, send) && SendActions() &&
         results_.SendDue(now, send);
}

bool Session::SendHello(absl::Duration now) {
  if (now < hello_due_) return true;
  if (state_ == State::kJoining &&
      heartbeats_.unanswered_hellos() >= kMaxUnansweredHellos) {
    hello_due_ = absl::InfiniteDuration();
    return true;
  }
  proto::Envelope message;
  proto::Hello& hello = *message.mutable_hello();
  hello.set_worker(options_.worker);
  hello.set_build(kVersion);
  hello.set_slots(options_.slots);
  hello.set_epoch_seen(epoch_);
  if (!Send(std::move(message))) return false;
  if (state_ == State::kJoining) {
    heartbeats_.NoteHello(now);
    hello_due_ = now + hello_back_off_;
    hello_back_off_ = std::min(hello_back_off_ * 2, kMaxHelloBackOff);
  } else {
    hello_due_ = absl::InfiniteDuration();
  }
  return true;
}

bool Session::SendHeartbeat(absl::Duration now) {
  if (now < heartbeat_due_) return true;
  proto::Envelope message;
  proto::Heartbeat& heartbeat = *message.mutable_heartbeat();
  // Also what has ended, until that is known: its lease is to go on.
  for (const auto& [key, task] : tasks_) {
    proto::RunningTask& running = *heartbeat.add_running();
    *running.mutable_id() = task.assignment->id();
    running.set_attempt(task.assignment->attempt());
    if (task.assignment->waits()) task.assignment->scope().Progress();
    running.set_progress(task.assignment->scope().progress());
    *running.mutable_counts() = task.assignment->counts();
  }
  const std::optional<absl::Duration> unanswered =
      heartbeats_.UnansweredSince();
  heartbeat.set_number(heartbeats_.next_number());
  if (!Send(std::move(message))) return false;
  heartbeats_.NoteSent(now);
  heartbeat_due_ = now + heartbeat_every_;
  // The connection may have broken and come back, as one that the coordinator
  // takes for a stranger's.
  if (unanswered && now - *unanswered >= 2 * heartbeat_every_) hello_due_ = now;
  return true;
}

bool Session::SendThrottled() {
  if (throttled_.empty()) {
    for (proto::Throttled& one : parts_.grants->TakeThrottled()) {
      throttled_.push_back(std::move(one));
    }
  }
  while (!throttled_.empty()) {
    proto::Envelope message;
    *message.mutable_throttled() = throttled_.front();
    if (!Send(std::move(message))) return false;
    throttled_.pop_front();
  }
  return true;
}

bool Session::SendGrantRequests(absl::Duration now) {
  for (const proto::GrantRequest& request : parts_.grants->DueRequests(now)) {
    proto::Envelope message;
    *message.mutable_grant_request() = request;
    if (!Send(std::move(message))) return false;
    parts_.grants->Gate(request.registry())->NoteSent(request);
  }
  return true;
}

bool Session::SendSettingsRequests(absl::Duration now) {
  for (const std::string& run :
       settings_.ToAskFor(RunsNeeded(/*started=*/false), now)) {
    proto::Envelope message;
    message.mutable_settings_request()->set_run(run);
    if (!Send(std::move(message))) return false;
    settings_.NoteAsked(run, now);
  }
  return true;
}

bool Session::SendBlobEnds() {
  while (!blob_ends_.empty()) {
    proto::Envelope message;
    *message.mutable_blob_end() = blob_ends_.front();
    if (!Send(std::move(message))) return false;
    blob_ends_.pop_front();
  }
  return true;
}

bool Session::SendActions() {
  return parts_.actions->SendAll(
      [this](const Assignment& assignment, const proto::Envelope& message) {
        // Actions of an earlier session are dropped.
        return FindOwn(assignment) == nullptr || Send(message);
      });
}

absl::Duration Session::NextSend() const {
  if (state_ != State::kJoined) return hello_due_;
  absl::Duration next =
      std::min({hello_due_, heartbeat_due_, parts_.grants->NextDue(),
                results_.NextDue(), intents_.NextDue(), blob_claims_.NextDue(),
                credentials_requests_.NextDue()});
  if (!RunsNeeded(/*started=*/false).empty()) {
    next = std::min(next, parts_.clock->Now() + kAskForSettingsAgain);
  }
  return next;
}

}  // namespace registry_manager
