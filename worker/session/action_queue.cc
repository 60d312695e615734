// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/action_queue.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace registry_manager {
namespace {

constexpr size_t kMaxMessages = 64;
// Keeps a message far below its largest size.
constexpr size_t kActionsInAMessage = 1000;

}  // namespace

ActionQueue::ActionQueue(std::function<void()> filled)
    : filled_(std::move(filled)) {}

void ActionQueue::Push(const std::shared_ptr<Assignment>& assignment,
                       const std::vector<proto::Action>& actions) {
  for (size_t begin = 0; begin < actions.size(); begin += kActionsInAMessage) {
    const size_t end = std::min(begin + kActionsInAMessage, actions.size());
    proto::Envelope envelope;
    proto::Progress& progress = *envelope.mutable_progress();
    *progress.mutable_id() = assignment->id();
    progress.set_attempt(assignment->attempt());
    for (size_t i = begin; i < end; ++i) *progress.add_actions() = actions[i];
    PushOne(assignment, std::move(envelope));
  }
}

void ActionQueue::PushOne(const std::shared_ptr<Assignment>& assignment,
                          proto::Envelope envelope) {
  Cancellation& cancellation = assignment->cancellation();
  const uint64_t ticket = cancellation.Subscribe([this] {
    const std::lock_guard<std::mutex> lock(mutex_);
    room_.notify_all();
  });
  {
    std::unique_lock<std::mutex> lock(mutex_);
    room_.wait(lock, [&] {
      return messages_.size() < kMaxMessages || !cancellation.status().ok();
    });
    if (messages_.size() < kMaxMessages) {
      messages_.push_back({assignment, std::move(envelope)});
    }
  }
  cancellation.Unsubscribe(ticket);
  filled_();
}

bool ActionQueue::SendAll(
    const std::function<bool(const Assignment& assignment,
                             const proto::Envelope&)>& send) {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!messages_.empty()) {
    const Message& first = messages_.front();
    if (!send(*first.assignment, first.envelope)) return false;
    messages_.pop_front();
    room_.notify_all();
  }
  return true;
}

}  // namespace registry_manager
