// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/aimd_limit.h"

#include <algorithm>

namespace registry_manager {
namespace {

constexpr absl::Duration kShrinkInterval = absl::Seconds(1);
constexpr absl::Duration kGrowthInterval = absl::Seconds(10);

}  // namespace

AimdLimit::AimdLimit(int maximum)
    : maximum_(std::max(1, maximum)), current_(maximum_) {}

void AimdLimit::SetMaximum(int maximum) {
  const bool was_at_most = current_ == maximum_;
  maximum_ = std::max(1, maximum);
  current_ = was_at_most ? maximum_ : std::min(current_, maximum_);
}

void AimdLimit::Shrink(absl::Time now) {
  Grow(now);
  if (now - shrunk_ >= kShrinkInterval) {
    current_ = std::max(1, current_ / 2);
    shrunk_ = now;
  }
  grows_from_ = now;
}

void AimdLimit::Grow(absl::Time now) {
  while (NextGrowth() <= now) {
    ++current_;
    grows_from_ += kGrowthInterval;
  }
}

absl::Time AimdLimit::NextGrowth() const {
  if (current_ == maximum_) return absl::InfiniteFuture();
  return grows_from_ + kGrowthInterval;
}

}  // namespace registry_manager
