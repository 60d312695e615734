// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SLOTS_CALL_H_
#define REGISTRY_MANAGER_WORKER_SLOTS_CALL_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"

namespace registry_manager {

// A question to the coordinator, and the slot that waits for the answer: an
// absl::Status, or a StatusOr. Thread-safe.
template <typename Outcome>
class Call {
 public:
  // The first call counts.
  void Answer(Outcome outcome) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!outcome_) outcome_ = std::move(outcome);
    answered_.notify_all();
  }

  // Blocks until answered, or cancelled: then returns the cancellation's
  // status, and what was asked for may or may not be done.
  Outcome Wait(Cancellation& cancellation) {
    const uint64_t ticket = cancellation.Subscribe(
        [this, &cancellation] { Answer(cancellation.status()); });
    std::optional<Outcome> outcome;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      answered_.wait(lock, [this] { return outcome_.has_value(); });
      outcome = *outcome_;
    }
    cancellation.Unsubscribe(ticket);
    return *std::move(outcome);
  }

  // Blocks until answered; nullopt after `patience`.
  std::optional<Outcome> WaitFor(absl::Duration patience) {
    std::unique_lock<std::mutex> lock(mutex_);
    answered_.wait_for(lock, absl::ToChronoNanoseconds(patience),
                       [this] { return outcome_.has_value(); });
    return outcome_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<Outcome> outcome_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SLOTS_CALL_H_
