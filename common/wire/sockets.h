// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_WIRE_SOCKETS_H_
#define REGISTRY_MANAGER_COMMON_WIRE_SOCKETS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace registry_manager {

// The two ends of the fleet's ZeroMQ connections, with the options that make
// them behave: nothing blocks, nothing is queued for a peer that is not there,
// nothing keeps the process from ending. A message is one frame. A message that
// was sent may never arrive: the protocol above acknowledges messages.
//
// Each is used from one thread, and has a ZeroMQ context (one I/O thread) of
// its own. Neither survives a fork.

// The end that receives the messages of many peers and sends messages to them.
class RouterSocket {
 public:
  struct Message {
    // Names the connection until it is closed. Not text.
    std::string peer;
    std::string bytes;
  };
  enum class SendOutcome {
    kSent,
    // The connection is closed.
    kGone,
    // The peer does not read: its queue is full.
    kFull,
  };

  // `endpoint` is ipc://PATH. A file at PATH is replaced.
  static absl::StatusOr<std::unique_ptr<RouterSocket>> Bind(
      const std::string& endpoint);
  ~RouterSocket();
  RouterSocket(const RouterSocket&) = delete;
  RouterSocket& operator=(const RouterSocket&) = delete;

  // The next message, nullopt if none is waiting. Messages of more than one
  // frame are dropped.
  std::optional<Message> Receive();
  SendOutcome Send(absl::string_view peer, absl::string_view bytes);

  // For poll(2). Edge-triggered: it becomes readable once when something may
  // have changed; Receive until nullopt after each wake-up and each Send.
  int fd() const { return fd_; }

 private:
  struct Zmq;
  explicit RouterSocket(std::unique_ptr<Zmq> zmq);

  std::unique_ptr<Zmq> zmq_;
  int fd_ = -1;
};

// A connection to a RouterSocket; connects, and connects again, by itself.
class DealerSocket {
 public:
  // Returns at once, whether or not anybody listens at `endpoint` (ipc://PATH).
  static absl::StatusOr<std::unique_ptr<DealerSocket>> Connect(
      const std::string& endpoint);
  // Drops messages that were not sent, unless Close() was called first.
  ~DealerSocket();
  DealerSocket(const DealerSocket&) = delete;
  DealerSocket& operator=(const DealerSocket&) = delete;

  // The next message, nullopt if none is waiting.
  std::optional<std::string> Receive();
  // False if there is no connection, or if it takes no more messages now.
  bool Send(absl::string_view bytes);
  // True if Receive would return a message. If false, fd() becomes readable
  // when this answer or Send's may have changed.
  bool Readable() const;
  int fd() const { return fd_; }

  // Ends the connection; waits up to `linger` until the messages that were sent
  // have left.
  void Close(absl::Duration linger);

 private:
  struct Zmq;
  explicit DealerSocket(std::unique_ptr<Zmq> zmq);

  std::unique_ptr<Zmq> zmq_;
  int fd_ = -1;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_WIRE_SOCKETS_H_
