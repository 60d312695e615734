// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/wire/sockets.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace registry_manager {
namespace {

class SocketsTest : public testing::Test {
 protected:
  SocketsTest() {
    char folder[] = "/tmp/wireXXXXXX";
    folder_ = mkdtemp(folder);
    endpoint_ = absl::StrCat("ipc://", folder_, "/socket");
  }
  ~SocketsTest() override { std::filesystem::remove_all(folder_); }

  // Waits at `fd` until `ready`.
  static bool Await(int fd, const std::function<bool()>& ready) {
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    while (!ready()) {
      if (absl::Now() > deadline) return false;
      pollfd poll_fd{fd, POLLIN, 0};
      poll(&poll_fd, 1, 1000);
    }
    return true;
  }

  static std::optional<RouterSocket::Message> AwaitMessage(
      RouterSocket& router) {
    std::optional<RouterSocket::Message> message;
    Await(router.fd(),
          [&] { return (message = router.Receive()).has_value(); });
    return message;
  }

  std::string folder_;
  std::string endpoint_;
};

TEST_F(SocketsTest, CarriesMessagesBothWays) {
  const auto router = RouterSocket::Bind(endpoint_);
  ASSERT_TRUE(router.ok()) << router.status();
  const auto dealer = DealerSocket::Connect(endpoint_);
  ASSERT_TRUE(dealer.ok()) << dealer.status();

  ASSERT_TRUE(Await((*dealer)->fd(), [&] { return (*dealer)->Send("hello"); }));
  const auto message = AwaitMessage(**router);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "hello");
  EXPECT_EQ((*router)->Send(message->peer, "welcome"),
            RouterSocket::SendOutcome::kSent);

  ASSERT_TRUE(Await((*dealer)->fd(), [&] { return (*dealer)->Readable(); }));
  EXPECT_EQ((*dealer)->Receive(), "welcome");
  EXPECT_EQ((*dealer)->Receive(), std::nullopt);
}

TEST_F(SocketsTest, NothingIsQueuedForWhoIsNotThere) {
  const auto dealer = DealerSocket::Connect(endpoint_);
  ASSERT_TRUE(dealer.ok());
  EXPECT_FALSE((*dealer)->Send("into the void"));
}

TEST_F(SocketsTest, ClosedConnectionIsNoticed) {
  const auto router = RouterSocket::Bind(endpoint_);
  auto dealer = DealerSocket::Connect(endpoint_);
  ASSERT_TRUE(Await((*dealer)->fd(), [&] { return (*dealer)->Send("hello"); }));
  const auto message = AwaitMessage(**router);
  ASSERT_TRUE(message.has_value());

  dealer->reset();

  EXPECT_TRUE(Await((*router)->fd(), [&] {
    return (*router)->Send(message->peer, "anybody?") ==
           RouterSocket::SendOutcome::kGone;
  }));
}

TEST_F(SocketsTest, PeerThatDoesNotReadBlocksNobody) {
  const auto router = RouterSocket::Bind(endpoint_);
  const auto dealer = DealerSocket::Connect(endpoint_);
  ASSERT_TRUE(Await((*dealer)->fd(), [&] { return (*dealer)->Send("hello"); }));
  const auto message = AwaitMessage(**router);
  ASSERT_TRUE(message.has_value());

  const std::string bytes(1 << 10, 'x');
  RouterSocket::SendOutcome outcome = RouterSocket::SendOutcome::kSent;
  for (int i = 0; i < 1'000'000 && outcome == RouterSocket::SendOutcome::kSent;
       ++i) {
    outcome = (*router)->Send(message->peer, bytes);
  }

  EXPECT_EQ(outcome, RouterSocket::SendOutcome::kFull);
}

TEST_F(SocketsTest, LastWordArrivesAfterClose) {
  const auto router = RouterSocket::Bind(endpoint_);
  const auto dealer = DealerSocket::Connect(endpoint_);
  ASSERT_TRUE(
      Await((*dealer)->fd(), [&] { return (*dealer)->Send("goodbye"); }));
  (*dealer)->Close(absl::Seconds(1));
  const auto message = AwaitMessage(**router);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "goodbye");
}

TEST_F(SocketsTest, SocketLeftBehindByACrashIsReplaced) {
  ASSERT_EQ(
      0, mknod(absl::StrCat(folder_, "/socket").c_str(), S_IFSOCK | 0600, 0));
  EXPECT_TRUE(RouterSocket::Bind(endpoint_).ok());
}

TEST_F(SocketsTest, EndpointsThatCannotBeAreRefusedWithAdvice) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      RouterSocket::Bind("tcp://0.0.0.0:1234").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      DealerSocket::Connect("tcp://127.0.0.1:1234").status()));
  const absl::Status too_long =
      DealerSocket::Connect(absl::StrCat("ipc:///", std::string(108, 'x')))
          .status();
  EXPECT_NE(too_long.message().find("shorter"), absl::string_view::npos);
  EXPECT_TRUE(absl::IsUnavailable(
      RouterSocket::Bind(absl::StrCat("ipc://", folder_, "/no/socket"))
          .status()));
}

}  // namespace
}  // namespace registry_manager
