// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/grants/grant_pool.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace registry_manager {

GrantPool::GrantPool(const Clock* clock, std::function<void()> changed)
    : clock_(clock), changed_(std::move(changed)) {}

GrantGate* GrantPool::Gate(const std::string& registry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<GrantGate>& gate = gates_[registry];
  if (gate == nullptr) {
    gate = std::make_unique<GrantGate>(registry, clock_, changed_);
  }
  return gate.get();
}

std::vector<GrantGate*> GrantPool::Gates() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<GrantGate*> gates;
  for (const auto& [registry, gate] : gates_) gates.push_back(gate.get());
  return gates;
}

void GrantPool::BeginSession() {
  for (GrantGate* gate : Gates()) gate->BeginSession();
}

std::vector<proto::GrantRequest> GrantPool::DueRequests(
    absl::Duration now) const {
  std::vector<proto::GrantRequest> due;
  for (const GrantGate* gate : Gates()) {
    std::optional<proto::GrantRequest> request = gate->DueRequest(now);
    if (request) due.push_back(*std::move(request));
  }
  return due;
}

absl::Duration GrantPool::NextDue() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const GrantGate* gate : Gates()) {
    next = std::min(next, gate->NextDue());
  }
  return next;
}

std::vector<proto::Throttled> GrantPool::TakeThrottled() {
  std::vector<proto::Throttled> all;
  for (GrantGate* gate : Gates()) {
    for (proto::Throttled& one : gate->TakeThrottled()) {
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace registry_manager
