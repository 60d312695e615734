// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/unacknowledged.h"

#include <algorithm>
#include <utility>

namespace registry_manager {

void Unacknowledged::Add(proto::Envelope message) {
  const size_t bytes = message.ByteSizeLong();
  bytes_ += bytes;
  messages_.emplace(next_number_++,
                    Message{std::move(message), bytes, std::nullopt});
}

bool Unacknowledged::Acknowledge(uint64_t number) {
  const auto message = messages_.find(number);
  if (message == messages_.end()) return false;
  bytes_ -= message->second.bytes;
  messages_.erase(message);
  return true;
}

bool Unacknowledged::SendDue(
    absl::Duration now,
    const std::function<bool(const proto::Envelope&)>& send) {
  for (auto& [number, message] : messages_) {
    if (message.due && now < *message.due) continue;
    if (!send(message.envelope)) return false;
    message.due = now + resend_after_;
  }
  return true;
}

void Unacknowledged::SendAllAgain() {
  for (auto& [number, message] : messages_) message.due.reset();
}

absl::Duration Unacknowledged::NextDue() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [number, message] : messages_) {
    next = std::min(next, message.due.value_or(-absl::InfiniteDuration()));
  }
  return next;
}

}  // namespace registry_manager
