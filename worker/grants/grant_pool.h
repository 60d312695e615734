// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_GRANTS_GRANT_POOL_H_
#define REGISTRY_MANAGER_WORKER_GRANTS_GRANT_POOL_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/fleet.pb.h"
#include "worker/grants/clock.h"
#include "worker/grants/grant_gate.h"

namespace registry_manager {

// The gates of all registries, by their ids. Each is made when it is first
// asked for, and lives as long as the pool. Thread-safe.
class GrantPool {
 public:
  // `changed` is as GrantGate's.
  GrantPool(const Clock* clock, std::function<void()> changed);

  GrantGate* Gate(const std::string& registry);

  void BeginSession();
  // As GrantGate's, of all gates.
  std::vector<proto::GrantRequest> DueRequests(absl::Duration now) const;
  absl::Duration NextDue() const;
  std::vector<proto::Throttled> TakeThrottled();

 private:
  std::vector<GrantGate*> Gates() const;

  const Clock* const clock_;
  const std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<GrantGate>> gates_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_GRANTS_GRANT_POOL_H_
