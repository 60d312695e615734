// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/cancellation.h"

#include <algorithm>
#include <utility>

namespace registry_manager {

void Cancellation::Cancel(absl::Status reason) {
  if (reason.ok()) reason = absl::CancelledError("cancelled");
  std::unique_lock<std::mutex> lock(mutex_);
  if (!status_.ok()) return;
  status_ = std::move(reason);
  canceller_ = std::this_thread::get_id();
  changed_.notify_all();
  while (!callbacks_.empty()) {
    auto first = callbacks_.extract(callbacks_.begin());
    running_ticket_ = first.key();
    lock.unlock();
    first.mapped()();
    first = {};
    lock.lock();
    running_ticket_ = 0;
    changed_.notify_all();
  }
}

absl::Status Cancellation::status() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return status_;
}

absl::Status Cancellation::SleepFor(absl::Duration duration) {
  // A year is for ever here, and does not overflow the clock.
  const auto span =
      absl::ToChronoNanoseconds(std::min(duration, absl::Hours(24 * 365)));
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, span, [this] { return !status_.ok(); });
  return status_;
}

uint64_t Cancellation::Subscribe(std::function<void()> callback) {
  std::unique_lock<std::mutex> lock(mutex_);
  const uint64_t ticket = next_ticket_++;
  if (status_.ok()) {
    callbacks_.emplace(ticket, std::move(callback));
    return ticket;
  }
  lock.unlock();
  callback();
  return ticket;
}

void Cancellation::Unsubscribe(uint64_t ticket) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (auto node = callbacks_.extract(ticket)) {
    // Objects that the callback holds may need this lock when they are
    // destroyed.
    lock.unlock();
    return;
  }
  if (running_ticket_ != ticket || canceller_ == std::this_thread::get_id()) {
    return;
  }
  changed_.wait(lock, [&] { return running_ticket_ != ticket; });
}

}  // namespace registry_manager
