// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/heartbeats.h"

namespace registry_manager {

void Heartbeats::NoteWelcome() {
  if (hellos_.empty()) return;
  if (answered_.number == 0) answered_.at = hellos_.front();
  hellos_.pop_front();
}

void Heartbeats::NoteSent(absl::Duration now) {
  unanswered_.push_back({next_number_++, now});
}

std::optional<absl::Duration> Heartbeats::NoteAnswered(uint64_t number) {
  if (number <= answered_.number || number >= next_number_) return std::nullopt;
  while (unanswered_.front().number < number) unanswered_.pop_front();
  answered_ = unanswered_.front();
  unanswered_.pop_front();
  return answered_.at;
}

std::optional<absl::Duration> Heartbeats::SentAt(uint64_t number) const {
  if (number == answered_.number) return answered_.at;
  for (const Heartbeat& heartbeat : unanswered_) {
    if (heartbeat.number == number) return heartbeat.at;
  }
  return std::nullopt;
}

std::optional<absl::Duration> Heartbeats::UnansweredSince() const {
  if (unanswered_.empty()) return std::nullopt;
  return unanswered_.front().at;
}

}  // namespace registry_manager
