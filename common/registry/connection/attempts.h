// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_ATTEMPTS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_ATTEMPTS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/registry/connection/request_gate.h"
#include "common/registry/connection/task_scope.h"

namespace registry_manager {

// Tells the gate if the registry asks to be spared, and returns the time for
// which it asks.
absl::Duration TellGate(const HttpResponse& response, RequestGate& gate);

// True if an answer of `status` that asked for `retry_after` is about load and
// is not a failure.
bool IsThrottling(int status, absl::Duration retry_after);

// Marks an error as the word of storage that asks to be spared.
absl::Status WithThrottled(absl::Status status);

// Decides whether a request that came to nothing is sent again, and waits.
class Attempts {
 public:
  // The properties of a request that decide whether it may be sent twice.
  struct Kind {
    // RegistryRequest::repeatable.
    bool repeatable = false;
    bool outlives_timeout = false;
    bool has_source = false;
    bool has_sink = false;
  };

  Attempts(Kind request, int retries, RequestGate& gate, TaskScope& task)
      : request_(request), retries_(retries), gate_(gate), task_(task) {}

  // True: it has waited, and the request must be sent again. False: this is the
  // outcome.
  bool Again(const absl::StatusOr<HttpResponse>& outcome);

 private:
  bool AgainAfterAnswer(const HttpResponse& response);
  bool AgainAfterError(const absl::Status& status);
  bool Wait();
  bool WaitThrottled(absl::Duration retry_after);

  const Kind request_;
  const int retries_;
  RequestGate& gate_;
  TaskScope& task_;
  int tries_ = 0;
  int throttles_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_ATTEMPTS_H_
