// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/fleet_desk.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/server/task_ids.h"

namespace registry_manager {
namespace {

constexpr uint32_t kHeartbeatMilliseconds = 5000;

}  // namespace

bool FleetDesk::Handle(
    const proto::Envelope& message,
    const std::function<bool(const std::string& run)>& may_renew,
    absl::Time now) {
  const std::string& session = message.session();
  if (message.has_hello()) {
    HandleHello(session, message.hello(), now);
    return true;
  }
  if (!scheduler_->Knows(session)) {
    proto::Envelope reject;
    reject.mutable_reject()->set_reason(
        "the session is over: its lease has passed");
    fleet_->Send(session, std::move(reject));
    return true;
  }
  switch (message.body_case()) {
    case proto::Envelope::kHeartbeat:
      HandleHeartbeat(session, message.heartbeat(), may_renew, now);
      return true;
    case proto::Envelope::kGrantRequest: {
      const proto::GrantRequest& request = message.grant_request();
      scheduler_->Want(session, request.registry(), request.version(),
                       static_cast<int>(request.in_use()),
                       static_cast<int>(request.wanted()),
                       request.permits_wanted());
      scheduler_->NoteSilent(session, request.registry(), request.silent(),
                             now);
      return true;
    }
    case proto::Envelope::kThrottled:
      scheduler_->Throttled(
          message.throttled().registry(),
          absl::Milliseconds(message.throttled().retry_after_ms()), now);
      return true;
    case proto::Envelope::kBlobClaim:
      HandleBlobClaim(session, message.blob_claim(), now);
      return true;
    case proto::Envelope::kBlobEnd:
      HandleBlobEnd(session, message.blob_end(), now);
      return true;
    case proto::Envelope::kGoodbye:
      scheduler_->Leave(session, /*lost=*/false, now);
      fleet_->Drop(session);
      sessions_.erase(session);
      return true;
    default:
      return false;
  }
}

void FleetDesk::HandleHello(const std::string& session,
                            const proto::Hello& hello, absl::Time now) {
  // A worker that says Hello again has given up its session before.
  for (auto old = sessions_.begin(); old != sessions_.end();) {
    const bool is_the_same =
        !hello.worker().empty() && old->second.worker == hello.worker();
    if (is_the_same && old->first != session) {
      fleet_->Drop(old->first);
      old = sessions_.erase(old);
    } else {
      ++old;
    }
  }
  sessions_[session].worker = hello.worker();
  exits_without_hello_ = 0;
  scheduler_->Join(session, static_cast<int>(hello.slots()), now);
  proto::Envelope reply;
  reply.mutable_welcome()->set_heartbeat_ms(kHeartbeatMilliseconds);
  reply.mutable_welcome()->set_lease_ms(LeaseMilliseconds());
  fleet_->Send(session, std::move(reply));
}

void FleetDesk::HandleHeartbeat(
    const std::string& session, const proto::Heartbeat& heartbeat,
    const std::function<bool(const std::string& run)>& may_renew,
    absl::Time now) {
  sessions_[session].heartbeat = heartbeat.number();
  std::vector<Scheduler::RunningTask> running;
  for (const proto::RunningTask& task : heartbeat.running()) {
    running.push_back({KeyOf(task.id()), task.attempt(), task.progress()});
  }
  const Scheduler::HeartbeatReply reply =
      scheduler_->Heartbeat(session, running, now, may_renew);
  proto::Envelope message;
  proto::HeartbeatAck& ack = *message.mutable_heartbeat_ack();
  ack.set_number(heartbeat.number());
  const auto fill = [this](const Scheduler::RunningTask& task,
                           proto::Lease& lease) {
    SetId(task.task, *lease.mutable_id());
    lease.set_attempt(task.attempt);
    lease.set_ttl_ms(LeaseMilliseconds());
  };
  for (const auto& task : reply.renewed) fill(task, *ack.add_renewed());
  for (const auto& task : reply.lost) fill(task, *ack.add_lost());
  fleet_->Send(session, std::move(message));
}

void FleetDesk::HandleBlobClaim(const std::string& session,
                                const proto::BlobClaim& claim, absl::Time now) {
  const TaskKey key = KeyOf(claim.id());
  if (!scheduler_->HoldsLease(session, key, claim.attempt(), now)) {
    proto::Envelope reply;
    reply.mutable_blob_turn()->set_number(claim.number());
    reply.mutable_blob_turn()->set_refused(true);
    fleet_->Send(session, std::move(reply));
    return;
  }
  SendTurns(
      blob_claims_.Claim({claim.target(), claim.digest()}, claim.repository(),
                         {session, key, claim.attempt(), claim.number()}));
}

void FleetDesk::HandleBlobEnd(const std::string& session,
                              const proto::BlobEnd& end, absl::Time now) {
  const TaskKey key = KeyOf(end.id());
  if (!scheduler_->HoldsLease(session, key, end.attempt(), now)) return;
  const BlobClaims::Blob blob = {end.target(), end.digest()};
  if (end.outcome() == proto::BlobEnd::LACKING) {
    blob_claims_.Forget(blob, end.repository());
    return;
  }
  SendTurns(blob_claims_.End(blob, end.repository(),
                             {session, key, end.attempt()},
                             end.outcome() == proto::BlobEnd::PRESENT));
}

void FleetDesk::SendTurns(const BlobClaims::Turns& turns) {
  for (const BlobClaims::Turn& turn : turns) {
    proto::Envelope message;
    message.mutable_blob_turn()->set_number(turn.number);
    message.mutable_blob_turn()->set_present(turn.present);
    message.mutable_blob_turn()->set_mount_from(turn.mount_from);
    // If it is lost, the claim comes again.
    fleet_->Send(turn.session, std::move(message));
  }
}

void FleetDesk::ReleaseBlobClaims(absl::Time now) {
  SendTurns(blob_claims_.Release([&](const BlobClaims::Claimant& one) {
    return scheduler_->HoldsLease(one.session, one.task, one.attempt, now);
  }));
}

void FleetDesk::Send(const GrantConnections& grant) {
  proto::Envelope message;
  proto::Grant& body = *message.mutable_grant();
  body.set_registry(grant.registry);
  body.set_version(grant.version);
  body.set_connections(grant.connections);
  body.set_rate_limited(grant.rate_limited);
  body.set_permits(grant.permits);
  body.set_parked_ms(
      static_cast<uint32_t>(absl::ToInt64Milliseconds(grant.parked)));
  fleet_->Send(grant.worker, std::move(message));
}

bool FleetDesk::Dispatch(const std::string& session, proto::Task task) {
  proto::Envelope message;
  proto::Dispatch& body = *message.mutable_dispatch();
  *body.mutable_task() = std::move(task);
  body.mutable_task()->mutable_lease()->set_ttl_ms(LeaseMilliseconds());
  const auto known = sessions_.find(session);
  if (known != sessions_.end()) body.set_heartbeat(known->second.heartbeat);
  return fleet_->Send(session, std::move(message));
}

void FleetDesk::Cancel(const std::string& session, const TaskKey& task,
                       uint32_t attempt, const std::string& reason) {
  proto::Envelope message;
  SetId(task, *message.mutable_cancel()->mutable_id());
  message.mutable_cancel()->set_attempt(attempt);
  message.mutable_cancel()->set_reason(reason);
  fleet_->Send(session, std::move(message));
}

void FleetDesk::Acknowledge(const std::string& session,
                            uint64_t result_number) {
  proto::Envelope ack;
  ack.mutable_result_ack()->set_number(result_number);
  fleet_->Send(session, std::move(ack));
}

void FleetDesk::RefuseCredentials(const std::string& session, uint64_t number) {
  proto::Envelope message;
  message.mutable_credentials_reply()->set_number(number);
  message.mutable_credentials_reply()->set_problem(
      "there are no other credentials");
  fleet_->Send(session, std::move(message));
}

std::vector<std::string> FleetDesk::ReapWorkers(absl::Time now) {
  std::vector<std::string> ended;
  for (const LocalWorkers::Exit& exit : workers_->Poll(now)) {
    ended.push_back(
        absl::StrCat("worker process ", exit.pid, " ended: ", exit.how));
    bool was_ready = draining_;
    for (auto session = sessions_.begin(); session != sessions_.end();) {
      if (session->second.worker != exit.worker) {
        ++session;
        continue;
      }
      was_ready = true;
      scheduler_->Leave(session->first, /*lost=*/!draining_, now);
      fleet_->Drop(session->first);
      session = sessions_.erase(session);
    }
    if (!was_ready) ++exits_without_hello_;
  }
  return ended;
}

void FleetDesk::Drain() {
  draining_ = true;
  workers_->StopRestarting();
  for (const auto& [session, state] : sessions_) {
    proto::Envelope drain;
    drain.mutable_drain();
    fleet_->Send(session, std::move(drain));
  }
}

uint32_t FleetDesk::LeaseMilliseconds() const {
  return static_cast<uint32_t>(absl::ToInt64Milliseconds(lease_));
}

}  // namespace registry_manager
