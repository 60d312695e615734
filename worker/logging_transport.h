// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_LOGGING_TRANSPORT_H_
#define REGISTRY_MANAGER_WORKER_LOGGING_TRANSPORT_H_

#include <memory>

#include "common/http/transport.h"

namespace registry_manager {

// Logs every exchange of `transport`, which outlives it, at level debug:
// method, URL without query and credentials, status or error, how long it took.
// Thread-safe.
class LoggingTransport : public HttpTransport {
 public:
  explicit LoggingTransport(HttpTransport* transport) : transport_(transport) {}

  std::unique_ptr<HttpCall> Start(HttpRequest request) override;

 private:
  HttpTransport* const transport_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_LOGGING_TRANSPORT_H_
