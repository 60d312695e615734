// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/wire/zmq_border.h"

#include <sys/un.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/reference/printable.h"
#include "common/wire/envelope.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kIpc = "ipc://";
// Messages for one peer. Far more than a worker's slots can give rise to, so
// that a full queue means that the peer does not read.
constexpr int kHighWaterMark = 4096;

}  // namespace

absl::Status CheckEndpoint(const std::string& endpoint) {
  if (!absl::StartsWith(endpoint, kIpc) || endpoint.size() == kIpc.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the endpoint ", Printable(endpoint),
                     " is not of the form ipc:///PATH/OF/A/SOCKET"));
  }
  const size_t limit = sizeof(sockaddr_un::sun_path) - 1;
  if (endpoint.size() - kIpc.size() > limit) {
    return absl::InvalidArgumentError(
        absl::StrCat("the path of the endpoint ", Printable(endpoint),
                     " is longer than the ", limit,
                     " bytes that a socket's path may have: use a folder with "
                     "a shorter name"));
  }
  return absl::OkStatus();
}

void SetCommonOptions(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::sndhwm, kHighWaterMark);
  socket.set(zmq::sockopt::rcvhwm, kHighWaterMark);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(kMaxEnvelopeBytes));
  // The default waits for ever for a peer that is gone.
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::handshake_ivl, 5000);
  // Answered by the peer's I/O thread: finds hosts that died, not threads that
  // hang. Those are what the protocol's own heartbeats are for.
  socket.set(zmq::sockopt::heartbeat_ivl, 5000);
  socket.set(zmq::sockopt::heartbeat_timeout, 15000);
  socket.set(zmq::sockopt::heartbeat_ttl, 20000);
}

}  // namespace registry_manager
