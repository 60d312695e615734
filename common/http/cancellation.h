// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_CANCELLATION_H_
#define REGISTRY_MANAGER_COMMON_HTTP_CANCELLATION_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace registry_manager {

// A request to stop, shared by everything that one task does: exchanges under
// way, waits for a permit, back-offs. Thread-safe; outlives its users.
class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Stops everything, with `reason` (not OK) as the error that each part
  // returns. The first call counts.
  void Cancel(absl::Status reason);

  // OK until cancelled, then the reason.
  absl::Status status() const;

  // Sleeps; returns early, with the reason, when cancelled.
  absl::Status SleepFor(absl::Duration duration);

  // Calls `callback` once when cancelled (at once where that has happened), on
  // the cancelling thread and with no lock held that Unsubscribe needs. Returns
  // a ticket. After Unsubscribe returns, the callback neither runs nor will
  // (except that a callback may unsubscribe itself).
  uint64_t Subscribe(std::function<void()> callback);
  void Unsubscribe(uint64_t ticket);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  absl::Status status_;
  uint64_t next_ticket_ = 1;
  std::map<uint64_t, std::function<void()>> callbacks_;
  // The callback under way, and who runs it.
  uint64_t running_ticket_ = 0;
  std::thread::id canceller_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_CANCELLATION_H_
