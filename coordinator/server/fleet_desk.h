// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_FLEET_DESK_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_FLEET_DESK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/fleet/fleet_socket.h"
#include "coordinator/fleet/local_workers.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/server/blob_claims.h"
#include "proto/fleet.pb.h"

namespace registry_manager {

// Speaks with the workers about everything that is no run's own: sessions,
// heartbeats, shares of registries, turns to send a blob. A worker is known by
// the id that its Hello names, never by a process id. Used from one thread.
class FleetDesk {
 public:
  // All outlive it. `lease` is the scheduler's.
  FleetDesk(Scheduler* scheduler, absl::Duration lease, FleetSocket* fleet,
            LocalWorkers* workers)
      : scheduler_(scheduler),
        lease_(lease),
        fleet_(fleet),
        workers_(workers) {}

  // False: the message is about a run's task. Everything else is handled here,
  // and so is what a session says that is over. `may_renew` is Heartbeat's of
  // the scheduler.
  bool Handle(const proto::Envelope& message,
              const std::function<bool(const std::string& run)>& may_renew,
              absl::Time now);

  void Send(const std::string& session, proto::Envelope message) {
    fleet_->Send(session, std::move(message));
  }
  // Tells the session its share of a registry.
  void Send(const GrantConnections& grant);
  // False: the session takes nothing more.
  bool Dispatch(const std::string& session, proto::Task task);
  void Cancel(const std::string& session, const TaskKey& task, uint32_t attempt,
              const std::string& reason);
  void Acknowledge(const std::string& session, uint64_t result_number);
  // Answers a CredentialsRequest of a worker that may not have any.
  void RefuseCredentials(const std::string& session, uint64_t number);

  // The local worker processes that ended, each a sentence.
  std::vector<std::string> ReapWorkers(absl::Time now);
  // The number of worker processes in a row that ended without a Hello.
  int exits_without_hello() const { return exits_without_hello_; }
  // No task is sent any more: workers end what they have, and leave.
  void Drain();
  void EndAtOnce() { workers_->EndAtOnce(); }
  // Takes back the turns of those whose lease is over.
  void ReleaseBlobClaims(absl::Time now);

  // Registries that have listed referrers: every worker may rest on it.
  void RememberReferrersApi(const std::string& registry) {
    list_referrers_.insert(registry);
  }
  bool HasReferrersApi(const std::string& registry) const {
    return list_referrers_.contains(registry);
  }

  size_t sessions() const { return sessions_.size(); }
  absl::Duration lease() const { return lease_; }

 private:
  struct Session {
    std::string worker;
    // The latest heartbeat that was received.
    uint64_t heartbeat = 0;
  };

  void HandleHello(const std::string& session, const proto::Hello& hello,
                   absl::Time now);
  void HandleHeartbeat(
      const std::string& session, const proto::Heartbeat& heartbeat,
      const std::function<bool(const std::string& run)>& may_renew,
      absl::Time now);
  void HandleBlobClaim(const std::string& session,
                       const proto::BlobClaim& claim, absl::Time now);
  void HandleBlobEnd(const std::string& session, const proto::BlobEnd& end,
                     absl::Time now);
  void SendTurns(const BlobClaims::Turns& turns);
  uint32_t LeaseMilliseconds() const;

  Scheduler* const scheduler_;
  const absl::Duration lease_;
  FleetSocket* const fleet_;
  LocalWorkers* const workers_;
  std::map<std::string, Session> sessions_;
  BlobClaims blob_claims_;
  std::set<std::string> list_referrers_;
  int exits_without_hello_ = 0;
  bool draining_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_FLEET_DESK_H_
