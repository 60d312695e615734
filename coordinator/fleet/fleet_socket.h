// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_FLEET_FLEET_SOCKET_H_
#define REGISTRY_MANAGER_COORDINATOR_FLEET_FLEET_SOCKET_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/fleet.pb.h"

namespace registry_manager {

// The workers' socket. Envelopes of another version, and messages of sessions
// that are not known, are answered with Reject; what is no Envelope is dropped;
// nothing else is judged here. Used from one thread; Receive and Send never
// block.
class FleetSocket {
 public:
  // `endpoint` is ipc://PATH in a folder of mode 0700.
  static absl::StatusOr<std::unique_ptr<FleetSocket>> Bind(
      const std::string& endpoint, uint64_t epoch);
  virtual ~FleetSocket() = default;

  // The next message, nullopt where none is waiting. Its `session` is the
  // worker's, and is bound to the connection that said Hello with it last:
  // messages that claim another's session are dropped. A worker says Hello
  // again where its connection broke, or to ask whether it has: each Hello is
  // to be answered with a Welcome.
  virtual std::optional<proto::Envelope> Receive() = 0;
  // Sends `message` to the connection of `session`; version, epoch and session
  // are filled in. False: the session is not known, or takes nothing more.
  virtual bool Send(const std::string& session, proto::Envelope message) = 0;
  // Forgets a session.
  virtual void Drop(const std::string& session) = 0;

  // For poll(2): readable when Receive may have something. Edge-triggered:
  // call Receive until nullopt after each wake-up, and after each Send.
  virtual int fd() const = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_FLEET_FLEET_SOCKET_H_
