// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_TASK_SCOPE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_TASK_SCOPE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"

namespace registry_manager {

// The state that all requests of one task share: the task's right to write, its
// end, and what it has done so far. Thread-safe; must outlive the task's
// requests.
class TaskScope {
 public:
  // `may_write` is called at the last moment before every request that writes.
  // If it returns an error, the request is not sent and fails as Cancelled,
  // with the message of that error. It must be thread-safe and must not block.
  TaskScope(Cancellation* cancellation, std::function<absl::Status()> may_write)
      : cancellation_(cancellation), may_write_(std::move(may_write)) {}
  // A part of `whole`'s task that may end before the task does. What the part
  // does counts for `whole`. `cancellation` is the part's own.
  TaskScope(Cancellation* cancellation, TaskScope* whole)
      : cancellation_(cancellation),
        may_write_([whole] { return whole->MayWrite(); }),
        whole_(whole) {}

  Cancellation& cancellation() { return *cancellation_; }
  absl::Status MayWrite() const { return may_write_(); }

  // Rises with every request and every piece of content: a sign of life.
  uint64_t progress() const { return progress_.load(); }
  void Progress() {
    ++progress_;
    if (whole_ != nullptr) whole_->Progress();
  }

  uint64_t requests() const { return requests_.load(); }
  void CountRequest() {
    ++requests_;
    ++progress_;
    if (whole_ != nullptr) whole_->CountRequest();
  }
  // Time spent waiting because a registry asked for it.
  absl::Duration throttled() const {
    return absl::Milliseconds(throttled_ms_.load());
  }
  void CountThrottled(absl::Duration time) {
    throttled_ms_ += absl::ToInt64Milliseconds(time);
    if (whole_ != nullptr) whole_->CountThrottled(time);
  }

  // Something that a person is to know of a registry, found on the way.
  void Note(std::string text) {
    if (whole_ != nullptr) return whole_->Note(std::move(text));
    const std::lock_guard<std::mutex> lock(mutex_);
    notes_.push_back(std::move(text));
  }
  std::vector<std::string> TakeNotes() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(notes_, {});
  }

 private:
  Cancellation* const cancellation_;
  const std::function<absl::Status()> may_write_;
  TaskScope* const whole_ = nullptr;
  std::atomic<uint64_t> progress_ = 0;
  std::atomic<uint64_t> requests_ = 0;
  std::atomic<int64_t> throttled_ms_ = 0;
  std::mutex mutex_;
  std::vector<std::string> notes_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_TASK_SCOPE_H_
