// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SESSION_HEARTBEATS_H_
#define REGISTRY_MANAGER_WORKER_SESSION_HEARTBEATS_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/time/time.h"

namespace registry_manager {

// When the heartbeats of a session were sent, and which was answered last: what
// leases are counted from. The Hello is heartbeat 0. Pure; not thread-safe.
class Heartbeats {
 public:
  // A Hello may be sent several times before the session has begun; the
  // coordinator answers each, in their order.
  void NoteHello(absl::Duration now) { hellos_.push_back(now); }
  size_t unanswered_hellos() const { return hellos_.size(); }
  // A Welcome came. One that was lost makes the times too early, never too
  // late.
  void NoteWelcome();

  // The number of the next heartbeat.
  uint64_t next_number() const { return next_number_; }
  // It was sent; `now` was read before that.
  void NoteSent(absl::Duration now);
  // The coordinator has answered heartbeat `number`. Returns when that was
  // sent; nullopt where it was never sent, or a later one was answered before.
  std::optional<absl::Duration> NoteAnswered(uint64_t number);
  // When heartbeat `number` was sent, nullopt where that is not known (any
  // more).
  std::optional<absl::Duration> SentAt(uint64_t number) const;

  // When the latest one that was answered was sent.
  absl::Duration answered_at() const { return answered_.at; }
  // When the first one that has not been answered was sent.
  std::optional<absl::Duration> UnansweredSince() const;

 private:
  struct Heartbeat {
    uint64_t number = 0;
    absl::Duration at = -absl::InfiniteDuration();
  };

  std::deque<absl::Duration> hellos_;
  uint64_t next_number_ = 1;
  Heartbeat answered_;
  std::deque<Heartbeat> unanswered_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SESSION_HEARTBEATS_H_
