// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/fleet_desk.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/server/fleet_fixture_for_test.h"

namespace registry_manager {
namespace {

// Remembers what is sent, and which sessions are dropped.
class SocketForTest : public FleetSocket {
 public:
  std::vector<std::pair<std::string, proto::Envelope>> sent;
  Names dropped;

  std::optional<proto::Envelope> Receive() override { return std::nullopt; }
  bool Send(const std::string& session, proto::Envelope message) override {
    sent.emplace_back(session, std::move(message));
    return true;
  }
  void Drop(const std::string& session) override { dropped.push_back(session); }
  int fd() const override { return -1; }
};

class FleetDeskTest : public testing::Test {
 protected:
  void SayHello(const std::string& session, const std::string& worker) {
    proto::Envelope message;
    message.set_session(session);
    message.mutable_hello()->set_worker(worker);
    message.mutable_hello()->set_slots(1);
    EXPECT_TRUE(desk_.Handle(message, nullptr, absl::UnixEpoch()));
  }

  Scheduler scheduler_{SchedulerOptions()};
  SocketForTest socket_;
  ProcessesForTest processes_;
  FleetDesk desk_{&scheduler_, absl::Seconds(30), &socket_, &processes_};
};

// In containers every worker is process 7 of a host with the same name.
TEST_F(FleetDeskTest, AWorkerOfAnotherNameEndsNoSession) {
  SayHello("s1", "one");
  SayHello("s2", "two");
  EXPECT_EQ(desk_.sessions(), 2u);
  EXPECT_EQ(socket_.dropped, Names());
}

TEST_F(FleetDeskTest, AWorkersNewSessionEndsItsOldOne) {
  SayHello("s1", "one");
  SayHello("s2", "two");
  SayHello("s3", "one");
  EXPECT_EQ(desk_.sessions(), 2u);
  EXPECT_EQ(socket_.dropped, Names({"s1"}));
}

TEST_F(FleetDeskTest, WorkersWithoutANameAreAllDifferent) {
  SayHello("s1", "");
  SayHello("s2", "");
  EXPECT_EQ(desk_.sessions(), 2u);
}

TEST_F(FleetDeskTest, AProcessThatEndedTakesTheSessionOfItsNameAlong) {
  SayHello("s1", "local-1");
  SayHello("s2", "local-2");
  processes_.exits.push_back({"local-2", 4711, "was killed"});
  EXPECT_EQ(desk_.ReapWorkers(absl::UnixEpoch()),
            Names({"worker process 4711 ended: was killed"}));
  EXPECT_EQ(socket_.dropped, Names({"s2"}));
  EXPECT_FALSE(scheduler_.Knows("s2"));
  EXPECT_TRUE(scheduler_.Knows("s1"));
  EXPECT_EQ(desk_.exits_without_hello(), 0);
}

TEST_F(FleetDeskTest, ASessionThatIsOverIsRejected) {
  proto::Envelope message;
  message.set_session("gone");
  message.mutable_heartbeat()->set_number(1);
  EXPECT_TRUE(desk_.Handle(message, nullptr, absl::UnixEpoch()));
  ASSERT_EQ(socket_.sent.size(), 1u);
  EXPECT_TRUE(socket_.sent[0].second.has_reject());
}

TEST_F(FleetDeskTest, LeavesMessagesAboutARunsTaskToTheRun) {
  SayHello("s1", "one");
  proto::Envelope message;
  message.set_session("s1");
  message.mutable_result()->set_number(1);
  EXPECT_FALSE(desk_.Handle(message, nullptr, absl::UnixEpoch()));
}

}  // namespace
}  // namespace registry_manager
