// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/fleet/fleet_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/wire/envelope.h"
#include "common/wire/sockets.h"

namespace registry_manager {
namespace {

constexpr size_t kMaxSessions = 4096;
constexpr size_t kMaxSessionBytes = 64;

// Refuses a folder that others can enter: everybody who can reach the socket
// can join the fleet, and is sent credentials.
absl::Status CheckFolder(absl::string_view endpoint) {
  constexpr absl::string_view kIpc = "ipc://";
  if (!absl::StartsWith(endpoint, kIpc)) return absl::OkStatus();
  const std::string folder =
      std::filesystem::path(std::string(endpoint.substr(kIpc.size())))
          .parent_path();
  struct stat entry = {};
  if (stat(folder.c_str(), &entry) != 0) {
    return absl::NotFoundError(
        absl::StrCat("cannot use the folder ", Printable(folder),
                     " for the workers' socket: ", strerror(errno)));
  }
  if (!S_ISDIR(entry.st_mode) || entry.st_uid != geteuid() ||
      (entry.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the folder ", Printable(folder),
        " of the workers' socket can be entered by others: it has to be yours "
        "and of mode 0700 (chmod 700 ",
        Printable(folder), ")"));
  }
  return absl::OkStatus();
}

class ZmqFleetSocket : public FleetSocket {
 public:
  ZmqFleetSocket(std::unique_ptr<RouterSocket> socket, uint64_t epoch)
      : socket_(std::move(socket)), epoch_(epoch) {}

  std::optional<proto::Envelope> Receive() override;
  bool Send(const std::string& session, proto::Envelope message) override;
  void Drop(const std::string& session) override;
  int fd() const override { return socket_->fd(); }

 private:
  // True: the session is the peer's now.
  bool BindSession(const std::string& session, const std::string& peer);
  void RejectPeer(const std::string& peer, const std::string& session,
                  absl::string_view reason);
  bool SendTo(const std::string& peer, const std::string& session,
              proto::Envelope message);

  const std::unique_ptr<RouterSocket> socket_;
  const uint64_t epoch_;
  absl::flat_hash_map<std::string, std::string> peer_of_session_;
  absl::flat_hash_map<std::string, std::string> session_of_peer_;
};

std::optional<proto::Envelope> ZmqFleetSocket::Receive() {
  while (true) {
    std::optional<RouterSocket::Message> message = socket_->Receive();
    if (!message) return std::nullopt;
    absl::StatusOr<proto::Envelope> envelope = ParseEnvelope(message->bytes);
    if (absl::IsFailedPrecondition(envelope.status())) {
      RejectPeer(message->peer, "", envelope.status().message());
    }
    if (!envelope.ok()) continue;
    const std::string& session = envelope->session();
    if (envelope->has_hello()) {
      if (BindSession(session, message->peer)) return *std::move(envelope);
      continue;
    }
    const auto owner = peer_of_session_.find(session);
    if (owner == peer_of_session_.end()) {
      RejectPeer(message->peer, session,
                 "this coordinator does not know the session: begin a new one");
    } else if (owner->second == message->peer) {
      return *std::move(envelope);
    }
  }
}

bool ZmqFleetSocket::BindSession(const std::string& session,
                                 const std::string& peer) {
  if (session.empty() || session.size() > kMaxSessionBytes) {
    RejectPeer(peer, "", "a session's name has 1 to 64 bytes");
    return false;
  }
  if (peer_of_session_.count(session) == 0 &&
      peer_of_session_.size() >= kMaxSessions) {
    RejectPeer(peer, session, "this coordinator has all the workers it takes");
    return false;
  }
  // A connection that broke comes back as another peer, and only the worker
  // knows the name of its session. A peer has one session.
  Drop(session);
  if (const auto old = session_of_peer_.find(peer);
      old != session_of_peer_.end()) {
    Drop(std::string(old->second));
  }
  peer_of_session_[session] = peer;
  session_of_peer_[peer] = session;
  return true;
}

void ZmqFleetSocket::RejectPeer(const std::string& peer,
                                const std::string& session,
                                absl::string_view reason) {
  proto::Envelope envelope;
  envelope.mutable_reject()->set_reason(std::string(reason));
  SendTo(peer, session, std::move(envelope));
}

bool ZmqFleetSocket::SendTo(const std::string& peer, const std::string& session,
                            proto::Envelope message) {
  message.set_epoch(epoch_);
  message.set_session(session);
  const absl::StatusOr<std::string> bytes =
      SerializeEnvelope(std::move(message));
  return bytes.ok() &&
         socket_->Send(peer, *bytes) == RouterSocket::SendOutcome::kSent;
}

bool ZmqFleetSocket::Send(const std::string& session, proto::Envelope message) {
  const auto peer = peer_of_session_.find(session);
  return peer != peer_of_session_.end() &&
         SendTo(peer->second, session, std::move(message));
}

void ZmqFleetSocket::Drop(const std::string& session) {
  const auto peer = peer_of_session_.find(session);
  if (peer == peer_of_session_.end()) return;
  session_of_peer_.erase(peer->second);
  peer_of_session_.erase(peer);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FleetSocket>> FleetSocket::Bind(
    const std::string& endpoint, uint64_t epoch) {
  RETURN_IF_ERROR(CheckFolder(endpoint));
  ASSIGN_OR_RETURN(std::unique_ptr<RouterSocket> socket,
                   RouterSocket::Bind(endpoint));
  return std::make_unique<ZmqFleetSocket>(std::move(socket), epoch);
}

}  // namespace registry_manager
