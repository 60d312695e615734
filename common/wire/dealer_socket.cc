// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/wire/sockets.h"
#include "common/wire/zmq_border.h"

namespace registry_manager {

struct DealerSocket::Zmq {
  zmq::context_t context{1};
  zmq::socket_t socket{context, zmq::socket_type::dealer};
};

DealerSocket::DealerSocket(std::unique_ptr<Zmq> zmq)
    : zmq_(std::move(zmq)), fd_(zmq_->socket.get(zmq::sockopt::fd)) {}

DealerSocket::~DealerSocket() = default;

absl::StatusOr<std::unique_ptr<DealerSocket>> DealerSocket::Connect(
    const std::string& endpoint) {
  RETURN_IF_ERROR(CheckEndpoint(endpoint));
  try {
    auto zmq = std::make_unique<Zmq>();
    SetCommonOptions(zmq->socket);
    // No routing id: the router names its peers, so that none takes another's
    // name. And nothing is queued while there is no connection, or the next
    // coordinator would get messages that were meant for the last.
    zmq->socket.set(zmq::sockopt::immediate, true);
    zmq->socket.set(zmq::sockopt::reconnect_ivl, 200);
    zmq->socket.set(zmq::sockopt::reconnect_ivl_max, 10000);
    zmq->socket.connect(endpoint);
    return std::unique_ptr<DealerSocket>(new DealerSocket(std::move(zmq)));
  } catch (const zmq::error_t& error) {
    return absl::UnavailableError(absl::StrCat(
        "cannot connect to ", Printable(endpoint), ": ", error.what()));
  }
}

std::optional<std::string> DealerSocket::Receive() {
  try {
    while (true) {
      zmq::message_t frame;
      const auto receive = [&] {
        return zmq_->socket.recv(frame, zmq::recv_flags::dontwait).has_value();
      };
      if (!RetryInterrupted(receive)) return std::nullopt;
      if (!frame.more()) return frame.to_string();
      while (frame.more() && RetryInterrupted(receive)) {
      }
    }
  } catch (const zmq::error_t&) {
    return std::nullopt;
  }
}

bool DealerSocket::Send(absl::string_view bytes) {
  try {
    return RetryInterrupted([&] {
      return zmq_->socket
          .send(zmq::buffer(bytes.data(), bytes.size()),
                zmq::send_flags::dontwait)
          .has_value();
    });
  } catch (const zmq::error_t&) {
    return false;
  }
}

bool DealerSocket::Readable() const {
  try {
    return RetryInterrupted([&] {
      return (zmq_->socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
    });
  } catch (const zmq::error_t&) {
    return false;
  }
}

void DealerSocket::Close(absl::Duration linger) {
  try {
    zmq_->socket.set(zmq::sockopt::linger,
                     static_cast<int>(absl::ToInt64Milliseconds(linger)));
    zmq_->socket.close();
    zmq_->context.close();
  } catch (const zmq::error_t&) {
    // There was nothing to wait for.
  }
}

}  // namespace registry_manager
