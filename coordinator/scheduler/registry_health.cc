// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/registry_health.h"

#include <algorithm>

namespace registry_manager {
namespace {

constexpr absl::Duration kBase = absl::Seconds(1);
constexpr absl::Duration kCap = absl::Seconds(60);
constexpr int kFewestFailures = 3;

}  // namespace

bool RegistryHealth::MayTry(absl::Time now) const {
  return failures_ == 0 || (!probe_ && now >= next_try_);
}

void RegistryHealth::Began(uint64_t attempt) {
  if (failures_ > 0) probe_ = attempt;
}

void RegistryHealth::Finished(uint64_t attempt) {
  if (probe_ == attempt) probe_.reset();
}

void RegistryHealth::Answered() {
  ever_answered_ = true;
  failures_ = 0;
  next_try_ = absl::InfinitePast();
  probe_.reset();
}

bool RegistryHealth::Unreachable(absl::Time now, Jitter& jitter) {
  // Tasks that were under way together fail together: one failure.
  if (failures_ > 0 && now < next_try_) return false;
  if (failures_ == 0) silent_since_ = now;
  ++failures_;
  next_try_ = now + jitter.UpperHalf(failures_, kBase, kCap);
  if (now < deadline()) next_try_ = std::min(next_try_, deadline());
  return now >= deadline() && failures_ >= kFewestFailures;
}

absl::Time RegistryHealth::silent_since() const {
  return failures_ == 0 ? absl::InfiniteFuture() : silent_since_;
}

absl::Time RegistryHealth::deadline() const {
  return silent_since() +
         (ever_answered_ ? patience_ : first_contact_patience_);
}

absl::Duration RegistryHealth::Silence(absl::Time now) const {
  return failures_ == 0 ? absl::ZeroDuration() : now - silent_since_;
}

}  // namespace registry_manager
