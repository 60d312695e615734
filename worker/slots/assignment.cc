// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/slots/assignment.h"

#include <utility>

#include "common/base/status_macros.h"

namespace registry_manager {

Assignment::Assignment(proto::Task task, const Clock* clock)
    : task_(std::move(task)),
      clock_(clock),
      scope_(&cancellation_, [this] { return MayWrite(); }) {}

void Assignment::RenewLease(absl::Duration from, absl::Duration ttl) {
  const int64_t end = absl::ToInt64Nanoseconds(from + ttl);
  if (end <= lease_end_ns_.load()) return;
  lease_end_ns_ = end;
  may_write_until_ns_ = absl::ToInt64Nanoseconds(from + ttl - ttl / 5);
}

absl::Status Assignment::MayWrite() const {
  RETURN_IF_ERROR(cancellation_.status());
  // Guard: no-write-after-lease
  if (clock_->Now() >= absl::Nanoseconds(may_write_until_ns_.load())) {
    return absl::CancelledError("the lease of this task has ended");
  }
  return absl::OkStatus();
}

void Assignment::Report(const proto::Counts& counts) {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_ = counts;
}

proto::Counts Assignment::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

}  // namespace registry_manager
