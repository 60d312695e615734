// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/intent_call.h"

#include <cstdint>
#include <utility>

namespace registry_manager {

void IntentCall::Answer(absl::Status outcome) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!outcome_) outcome_ = std::move(outcome);
  answered_.notify_all();
}

absl::Status IntentCall::Wait(Cancellation& cancellation) {
  const uint64_t ticket = cancellation.Subscribe(
      [this, &cancellation] { Answer(cancellation.status()); });
  absl::Status outcome;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    answered_.wait(lock, [this] { return outcome_.has_value(); });
    outcome = *outcome_;
  }
  cancellation.Unsubscribe(ticket);
  return outcome;
}

}  // namespace registry_manager
