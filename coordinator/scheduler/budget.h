// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_BUDGET_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_BUDGET_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/scheduler/aimd_limit.h"
#include "coordinator/scheduler/connection_ledger.h"
#include "coordinator/scheduler/rate_shares.h"
#include "coordinator/scheduler/scheduler.h"

namespace registry_manager {

// The budget of one registry, and the share of it that each session was
// granted: connections, permits of a rate, and the time until which nobody may
// send a request. Not thread-safe.
//
// Tasks are dispatched in a fair order. The first group that finds no room
// reserves it from the groups behind it. Otherwise groups whose tasks need
// less, or need only this registry, would overtake the first group for ever.
class Budget {
 public:
  Budget(std::string registry, const RegistryBudget& budget);

  // Replaces the limits. What was granted beyond them is taken back.
  void SetLimits(const RegistryBudget& budget);

  // --- tasks ---

  // True if the running tasks and the reservation leave room for one more (a
  // registry without either has room for whatever a task needs).
  bool HasRoom(int connections) const;
  // True if the room can be granted to `session` now, others having given back.
  bool CanBegin(const std::string& session, int connections) const;
  void Begin(const std::string& session, int connections);
  void End(const std::string& session, int connections);

  void Reserve(int connections) { reserved_ = connections; }
  bool is_reserved() const { return reserved_ > 0; }

  // Connections that waiting tasks could begin with if workers gave them back.
  void HoldBack(int connections);

  // --- workers ---

  void Want(const std::string& session, uint64_t version, int in_use,
            int wanted, uint64_t permits_wanted);
  void Forget(const std::string& session);

  // --- the registry ---

  void Throttled(absl::Duration retry_after, absl::Time now);
  absl::Time parked_until() const { return parked_until_; }

  // --- time ---

  // Brings the limit up to date; before tasks begin.
  void Advance(absl::Time now);
  // The grants that have changed.
  std::vector<GrantConnections> Settle(absl::Time now);
  absl::Time NextWake(absl::Time now) const;

  const ConnectionLedger& ledger() const { return ledger_; }
  int limit() const { return limit_.current(); }
  // Requests that wait for their turn by the rate.
  uint64_t waiting_for_rate() const { return rate_ ? rate_->waiting() : 0; }

 private:
  // The values that a session was told last, besides connections.
  struct Told {
    uint64_t permits = 0;
    bool rate_limited = false;
    absl::Time parked_until = absl::InfinitePast();
  };

  std::string registry_;
  AimdLimit limit_;
  ConnectionLedger ledger_;
  std::optional<RateShares> rate_;
  absl::Time parked_until_ = absl::InfinitePast();
  std::map<std::string, Told> told_;
  int reserved_ = 0;
  int held_back_ = 0;
  // Something has changed since the last Settle.
  bool dirty_ = false;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_BUDGET_H_
