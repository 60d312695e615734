// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/wire/sockets.h"
#include "common/wire/zmq_border.h"

namespace registry_manager {

struct RouterSocket::Zmq {
  zmq::context_t context{1};
  zmq::socket_t socket{context, zmq::socket_type::router};

  bool Receive(zmq::message_t& frame) {
    return RetryInterrupted([&] {
      return socket.recv(frame, zmq::recv_flags::dontwait).has_value();
    });
  }
  bool Send(absl::string_view bytes, zmq::send_flags flags) {
    return RetryInterrupted([&] {
      return socket
          .send(zmq::buffer(bytes.data(), bytes.size()),
                flags | zmq::send_flags::dontwait)
          .has_value();
    });
  }
};

RouterSocket::RouterSocket(std::unique_ptr<Zmq> zmq)
    : zmq_(std::move(zmq)), fd_(zmq_->socket.get(zmq::sockopt::fd)) {}

RouterSocket::~RouterSocket() = default;

absl::StatusOr<std::unique_ptr<RouterSocket>> RouterSocket::Bind(
    const std::string& endpoint) {
  RETURN_IF_ERROR(CheckEndpoint(endpoint));
  try {
    auto zmq = std::make_unique<Zmq>();
    SetCommonOptions(zmq->socket);
    // Without it, what is sent to a peer that has gone vanishes silently.
    zmq->socket.set(zmq::sockopt::router_mandatory, true);
    zmq->socket.bind(endpoint);
    return std::unique_ptr<RouterSocket>(new RouterSocket(std::move(zmq)));
  } catch (const zmq::error_t& error) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen at ", Printable(endpoint), ": ", error.what()));
  }
}

std::optional<RouterSocket::Message> RouterSocket::Receive() {
  try {
    while (true) {
      zmq::message_t peer;
      zmq::message_t frame;
      if (!zmq_->Receive(peer)) return std::nullopt;
      if (!peer.more() || !zmq_->Receive(frame)) continue;
      if (!frame.more()) return Message{peer.to_string(), frame.to_string()};
      while (frame.more() && zmq_->Receive(frame)) {
      }
    }
  } catch (const zmq::error_t&) {
    return std::nullopt;
  }
}

RouterSocket::SendOutcome RouterSocket::Send(absl::string_view peer,
                                             absl::string_view bytes) {
  try {
    const bool sent = zmq_->Send(peer, zmq::send_flags::sndmore) &&
                      zmq_->Send(bytes, zmq::send_flags::none);
    return sent ? SendOutcome::kSent : SendOutcome::kFull;
  } catch (const zmq::error_t&) {
    // EHOSTUNREACH; nothing else can be helped either.
    return SendOutcome::kGone;
  }
}

}  // namespace registry_manager
