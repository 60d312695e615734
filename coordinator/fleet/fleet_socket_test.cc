// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/fleet/fleet_socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/wire/envelope.h"
#include "common/wire/sockets.h"

namespace registry_manager {
namespace {

constexpr uint64_t kEpoch = 5;

// Asks again when `fd` is readable, and every few milliseconds.
bool Await(int fd, const std::function<bool()>& ready) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (!ready()) {
    if (absl::Now() > deadline) return false;
    pollfd poll_fd{fd, POLLIN, 0};
    poll(&poll_fd, 1, 5);
  }
  return true;
}

// A worker's end, driven by hand.
class Peer {
 public:
  explicit Peer(const std::string& endpoint)
      : socket_(std::move(*DealerSocket::Connect(endpoint))) {}

  void SendBytes(const std::string& bytes) {
    ASSERT_TRUE(Await(socket_->fd(), [&] { return socket_->Send(bytes); }));
  }
  void Send(proto::Envelope envelope, const std::string& session) {
    envelope.set_session(session);
    SendBytes(*SerializeEnvelope(std::move(envelope)));
  }
  void SendHello(const std::string& session) {
    proto::Envelope envelope;
    envelope.mutable_hello()->set_slots(4);
    Send(std::move(envelope), session);
  }
  void SendHeartbeat(const std::string& session, uint64_t number) {
    proto::Envelope envelope;
    envelope.mutable_heartbeat()->set_number(number);
    Send(std::move(envelope), session);
  }
  int fd() const { return socket_->fd(); }
  bool Readable() const { return socket_->Readable(); }
  std::optional<proto::Envelope> Receive() {
    if (!Await(fd(), [&] { return Readable(); })) {
      return std::nullopt;
    }
    return *ParseEnvelope(*socket_->Receive());
  }

 private:
  std::unique_ptr<DealerSocket> socket_;
};

class FleetSocketTest : public testing::Test {
 protected:
  FleetSocketTest() {
    char folder[] = "/tmp/fleetXXXXXX";
    folder_ = mkdtemp(folder);
    endpoint_ = absl::StrCat("ipc://", folder_, "/socket");
    socket_ = std::move(*FleetSocket::Bind(endpoint_, kEpoch));
  }
  ~FleetSocketTest() override { std::filesystem::remove_all(folder_); }

  std::optional<proto::Envelope> Receive() {
    std::optional<proto::Envelope> envelope;
    Await(socket_->fd(),
          [&] { return (envelope = socket_->Receive()).has_value(); });
    return envelope;
  }

  static proto::Envelope Welcome() {
    proto::Envelope envelope;
    envelope.mutable_welcome()->set_lease_ms(1000);
    return envelope;
  }

  std::string folder_;
  std::string endpoint_;
  std::unique_ptr<FleetSocket> socket_;
};

TEST_F(FleetSocketTest, HelloOpensASessionBothWays) {
  Peer peer(endpoint_);
  peer.SendHello("one");
  const auto hello = Receive();
  ASSERT_TRUE(hello.has_value());
  EXPECT_EQ(hello->session(), "one");
  EXPECT_EQ(hello->hello().slots(), 4u);

  EXPECT_TRUE(socket_->Send("one", Welcome()));
  const auto welcome = peer.Receive();
  ASSERT_TRUE(welcome.has_value());
  EXPECT_TRUE(welcome->has_welcome());
  EXPECT_EQ(welcome->session(), "one");
  EXPECT_EQ(welcome->epoch(), kEpoch);
}

TEST_F(FleetSocketTest, UnknownSessionIsToldToBeginANewOne) {
  Peer peer(endpoint_);
  peer.SendHeartbeat("stranger", 1);
  // The socket answers by itself.
  ASSERT_TRUE(Await(peer.fd(), [&] {
    EXPECT_FALSE(socket_->Receive().has_value());
    return peer.Readable();
  }));
  const std::optional<proto::Envelope> answer = peer.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->has_reject());
  EXPECT_EQ(answer->session(), "stranger");
  EXPECT_FALSE(socket_->Send("stranger", Welcome()));
}

TEST_F(FleetSocketTest, MessageThatClaimsAnothersSessionIsDropped) {
  Peer owner(endpoint_);
  owner.SendHello("one");
  ASSERT_TRUE(Receive().has_value());
  Peer thief(endpoint_);
  thief.SendHello("two");
  ASSERT_EQ(Receive()->session(), "two");

  thief.SendHeartbeat("one", 666);
  thief.SendHeartbeat("two", 2);

  const auto next = Receive();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->session(), "two");
  EXPECT_EQ(next->heartbeat().number(), 2u);
}

TEST_F(FleetSocketTest, HelloFromANewConnectionTakesTheSessionAlong) {
  Peer before(endpoint_);
  before.SendHello("one");
  ASSERT_TRUE(Receive().has_value());
  Peer after(endpoint_);
  after.SendHello("one");
  ASSERT_TRUE(Receive().has_value());

  after.SendHeartbeat("one", 1);
  EXPECT_EQ(Receive()->heartbeat().number(), 1u);
  EXPECT_TRUE(socket_->Send("one", Welcome()));
  EXPECT_TRUE(after.Receive().has_value());
}

TEST_F(FleetSocketTest, OtherVersionIsRejectedWithAdvice) {
  Peer peer(endpoint_);
  proto::Envelope envelope;
  envelope.set_version(9);
  peer.SendBytes(envelope.SerializeAsString());
  peer.SendHello("one");
  ASSERT_TRUE(Receive().has_value());

  const auto answer = peer.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_NE(answer->reject().reason().find("same build"), std::string::npos);
}

TEST_F(FleetSocketTest, GarbageIsDropped) {
  Peer peer(endpoint_);
  peer.SendBytes("\xff\xfe no envelope");
  peer.SendBytes("");
  peer.SendHello("one");
  EXPECT_EQ(Receive()->session(), "one");
}

TEST_F(FleetSocketTest, DroppedSessionIsUnknown) {
  Peer peer(endpoint_);
  peer.SendHello("one");
  ASSERT_TRUE(Receive().has_value());
  socket_->Drop("one");
  EXPECT_FALSE(socket_->Send("one", Welcome()));
}

TEST_F(FleetSocketTest, SendToAWorkerThatHasGoneSaysSo) {
  auto peer = std::make_unique<Peer>(endpoint_);
  peer->SendHello("one");
  ASSERT_TRUE(Receive().has_value());
  peer.reset();
  EXPECT_TRUE(
      Await(socket_->fd(), [&] { return !socket_->Send("one", Welcome()); }));
}

TEST_F(FleetSocketTest, FolderThatOthersCanEnterIsRefused) {
  ASSERT_EQ(0, chmod(folder_.c_str(), 0755));
  const absl::Status status =
      FleetSocket::Bind(absl::StrCat("ipc://", folder_, "/other"), 1).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_NE(status.message().find("chmod 700"), absl::string_view::npos);
}

}  // namespace
}  // namespace registry_manager
