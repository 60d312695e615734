// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/connection_ledger.h"

#include <algorithm>
#include <cstddef>

namespace registry_manager {
namespace {

// One share of a sum: between `floor` and `cap`.
struct Claim {
  int floor;
  int cap;
  // Lower ones get what does not divide evenly.
  std::pair<bool, int> rank;
};

int At(const Claim& claim, int level) {
  return std::clamp(level, claim.floor, std::max(claim.floor, claim.cap));
}

int SumAt(const std::vector<Claim>& claims, int level) {
  int sum = 0;
  for (const Claim& claim : claims) sum += At(claim, level);
  return sum;
}

// Max-min fair: raises all to the highest common level that `sum` pays for.
std::vector<int> Share(const std::vector<Claim>& claims, int sum) {
  int low = 0;
  int high = sum;
  while (low < high) {
    const int middle = low + (high - low + 1) / 2;
    if (SumAt(claims, middle) <= sum) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  std::vector<int> shares;
  std::vector<size_t> could_rise;
  for (size_t i = 0; i < claims.size(); ++i) {
    shares.push_back(At(claims[i], low));
    if (At(claims[i], low + 1) > shares[i]) could_rise.push_back(i);
  }
  std::stable_sort(could_rise.begin(), could_rise.end(),
                   [&claims](size_t a, size_t b) {
                     return claims[a].rank < claims[b].rank;
                   });
  int rest = sum - SumAt(claims, low);
  for (const size_t i : could_rise) {
    if (rest-- <= 0) break;
    ++shares[i];
  }
  return shares;
}

}  // namespace

int ConnectionLedger::Entry::Charge() const {
  return unconfirmed.empty() ? granted
                             : std::max(granted, unconfirmed.front().second);
}

bool ConnectionLedger::CanBegin(const std::string& session, int connections,
                                int limit) const {
  const auto it = entries_.find(session);
  const int need = it == entries_.end() ? 0 : it->second.need;
  const int charge = it == entries_.end() ? 0 : it->second.Charge();
  const int lacking = std::min(need + connections, limit) - charge;
  return lacking <= 0 || lacking <= limit - total_charge_;
}

void ConnectionLedger::Begin(const std::string& session, int connections,
                             int limit) {
  Entry& entry = entries_[session];
  entry.need += connections;
  total_need_ += connections;
  SetGranted(entry, std::max(entry.granted, std::min(entry.need, limit)));
}

void ConnectionLedger::End(const std::string& session, int connections) {
  const auto it = entries_.find(session);
  if (it == entries_.end()) return;
  it->second.need -= connections;
  total_need_ -= connections;
}

void ConnectionLedger::Want(const std::string& session, int wanted) {
  entries_[session].wanted = std::max(0, wanted);
}

void ConnectionLedger::Comply(const std::string& session, uint64_t version) {
  const auto it = entries_.find(session);
  if (it == entries_.end() || version > it->second.version) return;
  Entry& entry = it->second;
  total_charge_ -= entry.Charge();
  while (!entry.unconfirmed.empty() &&
         entry.unconfirmed.front().first < version) {
    entry.unconfirmed.pop_front();
  }
  total_charge_ += entry.Charge();
}

void ConnectionLedger::Forget(const std::string& session) {
  const auto it = entries_.find(session);
  if (it == entries_.end()) return;
  total_need_ -= it->second.need;
  total_charge_ -= it->second.Charge();
  entries_.erase(it);
}

void ConnectionLedger::Rebalance(int limit, int held_back) {
  const std::vector<int> targets = Targets(limit, held_back);
  size_t i = 0;
  for (auto& [session, entry] : entries_) {
    if (targets[i] < entry.granted) SetGranted(entry, targets[i]);
    ++i;
  }
  for (const bool needs_only : {true, false}) {
    i = 0;
    for (auto& [session, entry] : entries_) {
      const int target =
          needs_only ? std::min(targets[i], entry.need) : targets[i];
      ++i;
      // Up to its charge a grant costs nothing.
      const int payable = entry.Charge() + std::max(0, limit - total_charge_);
      const int granted = std::min(target, payable);
      if (granted > entry.granted) SetGranted(entry, granted);
    }
  }
}

uint64_t ConnectionLedger::Announce(const std::string& session) {
  Entry& entry = entries_[session];
  ++entry.version;
  entry.announced = entry.granted;
  while (!entry.unconfirmed.empty() &&
         entry.unconfirmed.back().second <= entry.granted) {
    entry.unconfirmed.pop_back();
  }
  entry.unconfirmed.emplace_back(entry.version, entry.granted);
  return entry.version;
}

int ConnectionLedger::Granted(const std::string& session) const {
  const auto it = entries_.find(session);
  return it == entries_.end() ? 0 : it->second.granted;
}

int ConnectionLedger::Charge(const std::string& session) const {
  const auto it = entries_.find(session);
  return it == entries_.end() ? 0 : it->second.Charge();
}

void ConnectionLedger::SetGranted(Entry& entry, int granted) {
  total_charge_ -= entry.Charge();
  entry.granted = granted;
  total_charge_ += entry.Charge();
}

std::vector<int> ConnectionLedger::Targets(int limit, int held_back) const {
  const bool scarce = total_need_ > limit;
  std::vector<Claim> claims;
  claims.reserve(entries_.size());
  for (const auto& [session, entry] : entries_) {
    // Sessions that could use a connection come first; among them, those that
    // have more connections already.
    const std::pair<bool, int> rank(entry.wanted == 0, -entry.granted);
    if (scarce) {
      claims.push_back({0, entry.need, rank});
    } else if (entry.need > 0) {
      claims.push_back({entry.need, std::max(entry.need, entry.wanted), rank});
    } else {
      // Its tasks have ended: it finishes with what it has.
      claims.push_back({0, std::min(entry.wanted, entry.granted), rank});
    }
  }
  const int sum =
      scarce ? limit : std::max(total_need_, limit - std::max(0, held_back));
  return Share(claims, sum);
}

}  // namespace registry_manager
