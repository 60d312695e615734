// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SESSION_UNACKNOWLEDGED_H_
#define REGISTRY_MANAGER_WORKER_SESSION_UNACKNOWLEDGED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "absl/time/time.h"
#include "proto/fleet.pb.h"

namespace registry_manager {

// Numbered messages that are sent, in their order, until they are acknowledged.
// Not thread-safe.
class Unacknowledged {
 public:
  explicit Unacknowledged(absl::Duration resend_after)
      : resend_after_(resend_after) {}

  // The number of the next message: from 1.
  uint64_t NextNumber() const { return next_number_; }
  // `message` bears that number.
  void Add(proto::Envelope message);
  // False: it is none of them.
  bool Acknowledge(uint64_t number);

  // Sends what is due at `now` until `send` says that nothing more goes.
  bool SendDue(absl::Duration now,
               const std::function<bool(const proto::Envelope&)>& send);
  // Makes all of them due: the peer may have lost them.
  void SendAllAgain();
  // When something is due next.
  absl::Duration NextDue() const;

  bool empty() const { return messages_.empty(); }
  // The size of all messages together.
  size_t bytes() const { return bytes_; }

 private:
  struct Message {
    proto::Envelope envelope;
    size_t bytes;
    // Nothing: at once.
    std::optional<absl::Duration> due;
  };

  const absl::Duration resend_after_;
  uint64_t next_number_ = 1;
  std::map<uint64_t, Message> messages_;
  size_t bytes_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SESSION_UNACKNOWLEDGED_H_
