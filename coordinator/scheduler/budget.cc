// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/budget.h"

#include <algorithm>
#include <utility>

namespace registry_manager {
namespace {

// Requests a second where a rate was limited, and is no longer.
constexpr double kNoLimit = 1e6;

}  // namespace

Budget::Budget(std::string registry, const RegistryBudget& budget)
    : registry_(std::move(registry)), limit_(budget.max_connections) {
  if (budget.requests_per_second.value_or(0) > 0) {
    rate_.emplace(*budget.requests_per_second);
  }
}

void Budget::SetLimits(const RegistryBudget& budget) {
  limit_.SetMaximum(budget.max_connections);
  const bool is_limited = budget.requests_per_second.value_or(0) > 0;
  if (rate_) {
    // Permits are counted since a session began: the count goes on.
    rate_->SetRate(is_limited ? *budget.requests_per_second : kNoLimit);
  } else if (is_limited) {
    rate_.emplace(*budget.requests_per_second);
  }
  dirty_ = true;
}

bool Budget::HasRoom(int connections) const {
  if (ledger_.total_need() == 0 && reserved_ == 0) return true;
  return ledger_.total_need() + connections + reserved_ <= limit_.current();
}

bool Budget::CanBegin(const std::string& session, int connections) const {
  return ledger_.CanBegin(session, connections, limit_.current());
}

void Budget::Begin(const std::string& session, int connections) {
  ledger_.Begin(session, connections, limit_.current());
  dirty_ = true;
}

void Budget::End(const std::string& session, int connections) {
  ledger_.End(session, connections);
  dirty_ = true;
}

void Budget::HoldBack(int connections) {
  if (connections == held_back_) return;
  held_back_ = connections;
  dirty_ = true;
}

void Budget::Want(const std::string& session, uint64_t version, int in_use,
                  int wanted, uint64_t permits_wanted) {
  ledger_.Comply(session, version);
  ledger_.Want(session, std::max(in_use, wanted));
  if (rate_) rate_->Want(session, permits_wanted);
  dirty_ = true;
}

void Budget::Forget(const std::string& session) {
  ledger_.Forget(session);
  told_.erase(session);
  if (rate_) rate_->Forget(session);
  dirty_ = true;
}

void Budget::Throttled(absl::Duration retry_after, absl::Time now) {
  limit_.Shrink(now);
  if (retry_after > absl::ZeroDuration()) {
    parked_until_ = std::max(parked_until_, now + retry_after);
  }
  dirty_ = true;
}

void Budget::Advance(absl::Time now) {
  const int before = limit_.current();
  limit_.Grow(now);
  if (limit_.current() != before) dirty_ = true;
}

std::vector<GrantConnections> Budget::Settle(absl::Time now) {
  std::vector<GrantConnections> grants;
  const bool parked = now < parked_until_;
  if (rate_ && !parked && rate_->Distribute(now)) dirty_ = true;
  if (!dirty_) return grants;
  dirty_ = false;
  ledger_.Rebalance(limit_.current(), held_back_);
  for (const auto& [session, entry] : ledger_.entries()) {
    Told& told = told_[session];
    const uint64_t permits = rate_ ? rate_->Permits(session) : 0;
    // A session that has no connection learns with its next grant that the
    // registry is parked.
    const bool tell_parked =
        parked && told.parked_until != parked_until_ && entry.Charge() > 0;
    if (entry.granted == entry.announced && permits == told.permits &&
        rate_.has_value() == told.rate_limited && !tell_parked) {
      continue;
    }
    told = {permits, rate_.has_value(), parked_until_};
    grants.push_back({session, registry_, ledger_.Announce(session),
                      entry.granted, rate_.has_value(), permits,
                      parked ? parked_until_ - now : absl::ZeroDuration()});
  }
  return grants;
}

absl::Time Budget::NextWake(absl::Time now) const {
  absl::Time next = limit_.NextGrowth();
  if (parked_until_ > now) {
    next = std::min(next, parked_until_);
  } else if (rate_) {
    next = std::min(next, rate_->NextPermit());
  }
  return next;
}

}  // namespace registry_manager
