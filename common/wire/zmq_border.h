// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_WIRE_ZMQ_BORDER_H_
#define REGISTRY_MANAGER_COMMON_WIRE_ZMQ_BORDER_H_

#include <cerrno>
#include <string>
#include <zmq.hpp>

#include "absl/status/status.h"

namespace registry_manager {

// Shared by this folder's sources only: what both sockets need of cppzmq.

// Calls `function` again for as long as a signal interrupts it.
template <typename Function>
auto RetryInterrupted(const Function& function) {
  while (true) {
    try {
      return function();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

// InvalidArgument unless `endpoint` is ipc://PATH with a PATH that the kernel
// takes.
absl::Status CheckEndpoint(const std::string& endpoint);

void SetCommonOptions(zmq::socket_t& socket);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_WIRE_ZMQ_BORDER_H_
