// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_INTENT_CALL_H_
#define REGISTRY_MANAGER_WORKER_INTENT_CALL_H_

#include <condition_variable>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "common/http/cancellation.h"

namespace registry_manager {

// An intent on its way to the journal, and the slot that waits for it.
// Thread-safe.
class IntentCall {
 public:
  // The first call counts.
  void Answer(absl::Status outcome);
  // Blocks until answered, or cancelled: then returns the cancellation's
  // status, and the intent may or may not be journalled.
  absl::Status Wait(Cancellation& cancellation);

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<absl::Status> outcome_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_INTENT_CALL_H_
