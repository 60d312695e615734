// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_GRANTS_GRANT_GATE_H_
#define REGISTRY_MANAGER_WORKER_GRANTS_GRANT_GATE_H_

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"
#include "common/registry/connection/request_gate.h"
#include "proto/fleet.pb.h"
#include "worker/grants/clock.h"

namespace registry_manager {

// Limits what this worker, with all of its tasks together, sends to one
// registry, as the coordinator's grants say. Without a grant nothing may be
// sent. Requests are admitted in the order in which they asked. Thread-safe.
class GrantGate : public RequestGate {
 public:
  // `changed` is called, with a lock held, when there is something new to tell
  // the coordinator; it must not call back.
  GrantGate(std::string registry, const Clock* clock,
            std::function<void()> changed);

  absl::Status Acquire(int requests, Cancellation* cancellation) override;
  absl::Status AcquireUnlessParked(Cancellation* cancellation) override;
  void Release() override;
  absl::Status AwaitRate(Cancellation* cancellation) override;
  absl::Duration ParkedFor() const override;
  void Throttled(ThrottleReason reason, absl::Duration retry_after) override;
  void Answered() override { NoteSilent(false); }
  void NoAnswer() override { NoteSilent(true); }

  // The registry's max-connections; 0: not known.
  void SetMax(int max_connections);
  // Grants of an older version, or of the same, are ignored. Fewer connections
  // are complied with as requests end.
  void Apply(const proto::Grant& grant);
  // Forgets grants and counters: they are those of a session.
  void BeginSession();

  // Returns the request that the coordinator must be told, if it is due at
  // `now`. A value that changes back before that time is never told.
  std::optional<proto::GrantRequest> DueRequest(absl::Duration now) const;
  // Notes that the coordinator was told `request`.
  void NoteSent(const proto::GrantRequest& request);
  // The time when DueRequest may have something; infinite: not before `changed`
  // is called.
  absl::Duration NextDue() const;
  // The Throttled messages since the last call, one a kind.
  std::vector<proto::Throttled> TakeThrottled();

 private:
  struct Waiter;

  absl::Status Await(Waiter& waiter, Cancellation* cancellation);
  std::list<Waiter*>::iterator PlaceOf(const Waiter& waiter);
  // Returns why a waiter must give up; OK: it may wait.
  absl::Status CannotWait(const Waiter& waiter) const;
  void NoteSilent(bool silent);
  proto::GrantRequest RequestLocked() const;
  absl::Duration ParkedLocked() const;
  // To be called after every change: admits who may go, and notes whether the
  // coordinator is to be told.
  void Settle();
  absl::Duration NewDue();
  void ParkUntil(absl::Duration time);

  const std::string registry_;
  const Clock* const clock_;
  const std::function<void()> changed_;

  mutable std::mutex mutex_;
  std::list<Waiter*> waiters_;
  int max_ = 0;
  int in_use_ = 0;
  // The latest request that ended got no answer.
  bool silent_ = false;
  absl::Duration parked_until_;

  // The state of the current session.
  int granted_ = 0;
  uint64_t version_ = 0;
  uint64_t complied_ = 0;
  bool rate_limited_ = false;
  uint64_t permits_ = 0;
  uint64_t permits_used_ = 0;
  proto::GrantRequest told_;
  // Since when there is something to tell, and when it is to be told.
  std::optional<absl::Duration> untold_since_;
  absl::Duration due_ = absl::InfiniteDuration();
  std::vector<proto::Throttled> throttled_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_GRANTS_GRANT_GATE_H_
