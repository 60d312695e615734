// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/rate_shares.h"

#include <algorithm>

namespace registry_manager {
namespace {

constexpr double kBurstSeconds = 0.1;
constexpr double kPortionSeconds = 0.02;
// The part of a token that rounding may have taken.
constexpr double kRounding = 1e-6;

}  // namespace

RateShares::RateShares(double rate)
    : rate_(rate),
      capacity_(std::max(1.0, rate * kBurstSeconds)),
      tokens_(capacity_) {}

void RateShares::SetRate(double rate) {
  rate_ = rate;
  capacity_ = std::max(1.0, rate * kBurstSeconds);
  tokens_ = std::min(tokens_, capacity_);
}

void RateShares::Want(const std::string& session, uint64_t total) {
  Share& share = shares_[session];
  waiting_ -= share.wanted - share.given;
  share.wanted = std::max(share.given, total);
  waiting_ += share.wanted - share.given;
}

void RateShares::Forget(const std::string& session) {
  const auto it = shares_.find(session);
  if (it == shares_.end()) return;
  waiting_ -= it->second.wanted - it->second.given;
  shares_.erase(it);
}

bool RateShares::Distribute(absl::Time now) {
  if (now > filled_) {
    const double seconds = absl::ToDoubleSeconds(now - filled_);
    tokens_ = std::min(capacity_, tokens_ + seconds * rate_);
    filled_ = now;
  }
  bool any = false;
  while (waiting_ > 0 && tokens_ >= 1 - kRounding) {
    auto next = shares_.upper_bound(last_served_);
    if (next == shares_.end()) next = shares_.begin();
    last_served_ = next->first;
    if (next->second.given == next->second.wanted) continue;
    ++next->second.given;
    --waiting_;
    tokens_ = std::max(0.0, tokens_ - 1);
    any = true;
  }
  return any;
}

uint64_t RateShares::Permits(const std::string& session) const {
  const auto it = shares_.find(session);
  return it == shares_.end() ? 0 : it->second.given;
}

absl::Time RateShares::NextPermit() const {
  if (waiting_ == 0) return absl::InfiniteFuture();
  const double portion = std::max(
      1.0, std::min(static_cast<double>(waiting_), rate_ * kPortionSeconds));
  if (tokens_ >= portion) return filled_;
  return filled_ + absl::Seconds((portion - tokens_) / rate_);
}

}  // namespace registry_manager
