// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SESSION_ACTION_QUEUE_H_
#define REGISTRY_MANAGER_WORKER_SESSION_ACTION_QUEUE_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "proto/fleet.pb.h"
#include "worker/slots/assignment.h"

namespace registry_manager {

// Actions on their way from the slots to the coordinator, ahead of results.
// Bounded: a slot waits while the queue is full. Thread-safe.
class ActionQueue {
 public:
  // `filled` is called after each message, with no lock held.
  explicit ActionQueue(std::function<void()> filled);

  // Puts `actions` into as many messages as they need. Blocks while there is no
  // room; drops them where the task is cancelled.
  void Push(const std::shared_ptr<Assignment>& assignment,
            const std::vector<proto::Action>& actions);

  // Sends until the queue is empty (true) or `send` returns false.
  bool SendAll(const std::function<bool(const Assignment& assignment,
                                        const proto::Envelope&)>& send);

 private:
  struct Message {
    std::shared_ptr<Assignment> assignment;
    proto::Envelope envelope;
  };
  void PushOne(const std::shared_ptr<Assignment>& assignment,
               proto::Envelope envelope);

  const std::function<void()> filled_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Message> messages_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SESSION_ACTION_QUEUE_H_
