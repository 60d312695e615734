// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/worker.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "coordinator/fleet/fleet_socket.h"

namespace registry_manager {
namespace {

// A worker on its own thread, over a real socket; the test is the coordinator.
class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    char folder[] = "/tmp/workerXXXXXX";
    folder_ = mkdtemp(folder);
    endpoint_ = absl::StrCat("ipc://", folder_, "/socket");
    Bind(/*epoch=*/1);
  }
  ~WorkerTest() override {
    worker_->Stop();
    worker_->Stop();
    if (thread_.joinable()) thread_.join();
    worker_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Bind(uint64_t epoch) {
    fleet_.reset();
    fleet_ = std::move(*FleetSocket::Bind(endpoint_, epoch));
  }
  void Start(Executor::Handler handler,
             absl::Duration drain = absl::Seconds(30)) {
    WorkerOptions options;
    options.endpoint = endpoint_;
    options.name = "test";
    options.slots = 2;
    options.drain = drain;
    worker_ = std::make_unique<Worker>(options, &clock_, &mailbox_, &grants_,
                                       &services_, std::move(handler));
    thread_ = std::thread([this] { ended_.set_value(worker_->Run()); });
  }
  absl::Status AwaitEnd() {
    std::future<absl::Status> ended = ended_.get_future();
    if (ended.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      return absl::DeadlineExceededError("the worker goes on");
    }
    return ended.get();
  }

  // The next message that is no heartbeat (those are acknowledged, as long as
  // `acknowledge_`).
  std::optional<proto::Envelope> Receive(
      absl::Duration patience = absl::Seconds(10)) {
    const absl::Time deadline = absl::Now() + patience;
    while (absl::Now() < deadline) {
      std::optional<proto::Envelope> message = fleet_->Receive();
      if (!message) {
        pollfd poll_fd{fleet_->fd(), POLLIN, 0};
        poll(&poll_fd, 1, 100);
      } else if (message->has_heartbeat()) {
        heartbeat_ = message->heartbeat().number();
        if (acknowledge_) Acknowledge(message->heartbeat());
      } else {
        return message;
      }
    }
    return std::nullopt;
  }
  template <typename Has>
  std::optional<proto::Envelope> ReceiveOf(Has has) {
    std::optional<proto::Envelope> message;
    do {
      message = Receive();
    } while (message && !((*message).*has)());
    return message;
  }
  void Acknowledge(const proto::Heartbeat& heartbeat) {
    proto::Envelope ack;
    ack.mutable_heartbeat_ack()->set_number(heartbeat.number());
    for (const proto::RunningTask& running : heartbeat.running()) {
      proto::Lease& lease = *ack.mutable_heartbeat_ack()->add_renewed();
      *lease.mutable_id() = running.id();
      lease.set_attempt(running.attempt());
      lease.set_ttl_ms(lease_ms_);
    }
    // The worker may have ended meanwhile.
    fleet_->Send(session_, std::move(ack));
  }
  void Send(proto::Envelope message) {
    EXPECT_TRUE(fleet_->Send(session_, std::move(message)));
  }
  // Takes the Hello of a session that is not the present one, and gives the
  // worker settings for run "R".
  void Join() {
    std::optional<proto::Envelope> hello;
    do {
      hello = ReceiveOf(&proto::Envelope::has_hello);
      ASSERT_TRUE(hello.has_value());
    } while (hello->session() == session_);
    session_ = hello->session();
    epoch_seen_ = hello->hello().epoch_seen();
    heartbeat_ = 0;
    proto::Envelope welcome;
    welcome.mutable_welcome()->set_heartbeat_ms(heartbeat_ms_);
    welcome.mutable_welcome()->set_lease_ms(lease_ms_);
    Send(std::move(welcome));
    proto::Envelope settings;
    settings.mutable_settings()->mutable_settings()->set_run("R");
    Send(std::move(settings));
  }
  void Dispatch(uint32_t index,
                const std::vector<std::string>& list_referrers = {}) {
    proto::Envelope message;
    proto::Task& task = *message.mutable_dispatch()->mutable_task();
    task.mutable_lease()->mutable_id()->set_run("R");
    task.mutable_lease()->mutable_id()->set_index(index);
    task.mutable_lease()->set_attempt(1);
    task.mutable_lease()->set_ttl_ms(lease_ms_);
    task.mutable_list_catalog();
    task.mutable_list_referrers()->Assign(list_referrers.begin(),
                                          list_referrers.end());
    message.mutable_dispatch()->set_heartbeat(heartbeat_);
    Send(std::move(message));
  }
  void AckResult(uint64_t number) {
    proto::Envelope message;
    message.mutable_result_ack()->set_number(number);
    Send(std::move(message));
  }
  std::optional<proto::Result> ReceiveResult() {
    const auto message = ReceiveOf(&proto::Envelope::has_result);
    return message ? std::optional(message->result()) : std::nullopt;
  }

  static proto::TaskResult Done() {
    proto::TaskResult result;
    result.set_outcome(proto::TaskResult::DONE);
    return result;
  }
  static proto::TaskResult EndAtOnce(const proto::Task&, TaskContext&) {
    return Done();
  }
  // Carries on until it is cancelled.
  static proto::TaskResult RunUntilCancelled(const proto::Task&,
                                             TaskContext& context) {
    return HandedBack(std::string(
        context.scope->cancellation().SleepFor(absl::Hours(1)).message()));
  }

  std::string folder_;
  std::string endpoint_;
  uint32_t heartbeat_ms_ = 5000;
  uint32_t lease_ms_ = 30000;
  bool acknowledge_ = true;
  uint64_t heartbeat_ = 0;
  std::string session_;
  uint64_t epoch_seen_ = 0;
  std::unique_ptr<FleetSocket> fleet_;

  BoottimeClock clock_;
  Mailbox mailbox_;
  GrantPool grants_{&clock_, [this] { mailbox_.Wake(); }};
  WorkerServices services_{nullptr, nullptr,
                           [](const std::string&) { return nullptr; }};
  std::unique_ptr<Worker> worker_;
  std::promise<absl::Status> ended_;
  std::thread thread_;
};

TEST_F(WorkerTest, CarriesTasksOutWithoutWaitingForATick) {
  Start(EndAtOnce);
  Join();
  const absl::Time begin = absl::Now();
  for (uint32_t i = 1; i <= 200; ++i) {
    Dispatch(i);
    const auto result = ReceiveResult();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->number(), i);
    EXPECT_EQ(result->result().id().index(), i);
    AckResult(result->number());
  }
  // About 0.2 ms each; a tick anywhere would cost more than this.
  EXPECT_LT(absl::Now() - begin, absl::Seconds(4));
}

TEST_F(WorkerTest, SharesWhichRegistriesHaveAReferrersApi) {
  using Support = RegistryConnection::Support;
  proto::Registry registry;
  registry.set_id("https://a.example");
  RegistryConnection* connection = services_.Open({}, registry)->connection;
  Start(EndAtOnce);
  Join();
  Dispatch(1);
  EXPECT_EQ(ReceiveResult()->result().list_referrers_size(), 0);
  Dispatch(2, {registry.id(), "https://b.example"});
  auto result = ReceiveResult();
  while (result && result->number() == 1) result = ReceiveResult();
  ASSERT_TRUE(result.has_value());
  // It has no connection to the other one yet.
  ASSERT_EQ(result->result().list_referrers_size(), 1);
  EXPECT_EQ(result->result().list_referrers(0), registry.id());
  EXPECT_EQ(connection->referrers_api, Support::kYes);
  registry.set_id("https://b.example");
  EXPECT_EQ(services_.Open({}, registry)->connection->referrers_api,
            Support::kYes);
}

TEST_F(WorkerTest, ResultIsSentAgainUntilAcknowledged) {
  Start(EndAtOnce);
  Join();
  Dispatch(1);
  ASSERT_TRUE(ReceiveResult().has_value());
  const absl::Time begin = absl::Now();
  const auto again = ReceiveResult();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->number(), 1u);
  EXPECT_GE(absl::Now() - begin, absl::Seconds(1.5));
}

TEST_F(WorkerTest, SilentCoordinatorLosesTheTaskAndMeetsANewSession) {
  heartbeat_ms_ = 50;
  lease_ms_ = 400;
  std::promise<absl::Status> may_write;
  Start([&](const proto::Task&, TaskContext& context) {
    context.scope->cancellation().SleepFor(absl::Hours(1)).IgnoreError();
    may_write.set_value(context.scope->MayWrite());
    return Done();
  });
  Join();
  const std::string old_session = session_;
  acknowledge_ = false;
  Dispatch(1);

  Join();

  EXPECT_NE(session_, old_session);
  EXPECT_TRUE(absl::IsCancelled(may_write.get_future().get()));
  // What the old session did is of no interest to the new one.
  acknowledge_ = true;
  EXPECT_FALSE(Receive(absl::Milliseconds(300)).has_value());
}

TEST_F(WorkerTest, NewCoordinatorIsMetWithANewSession) {
  heartbeat_ms_ = 50;
  std::promise<void> running;
  Start([&](const proto::Task& task, TaskContext& context) {
    if (task.lease().id().index() == 1) running.set_value();
    return RunUntilCancelled(task, context);
  });
  Join();
  Dispatch(1);
  running.get_future().wait();
  EXPECT_EQ(epoch_seen_, 0u);
  const std::string old_session = session_;

  Bind(/*epoch=*/2);
  Join();

  EXPECT_NE(session_, old_session);
  EXPECT_EQ(epoch_seen_, 2u);
  Dispatch(2);
  // Nothing of the cancelled task; the new one goes on.
  EXPECT_FALSE(Receive(absl::Milliseconds(200)).has_value());
}

TEST_F(WorkerTest, RejectedWorkerEndsWithTheReason) {
  Start(EndAtOnce);
  const auto hello = ReceiveOf(&proto::Envelope::has_hello);
  ASSERT_TRUE(hello.has_value());
  session_ = hello->session();
  proto::Envelope reject;
  reject.mutable_reject()->set_reason("full");
  Send(std::move(reject));
  const absl::Status status = AwaitEnd();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "full"));
}

TEST_F(WorkerTest, StopLetsRunningTasksEndAndFlushesResults) {
  std::promise<void> running, go_on;
  Start([&](const proto::Task&, TaskContext&) {
    running.set_value();
    go_on.get_future().wait();
    return Done();
  });
  Join();
  Dispatch(1);
  running.get_future().wait();
  worker_->Stop();
  proto::Envelope drain;
  drain.mutable_drain();
  Send(std::move(drain));
  Dispatch(2);
  const auto handed_back = ReceiveResult();
  ASSERT_TRUE(handed_back.has_value());
  EXPECT_EQ(handed_back->result().id().index(), 2u);
  EXPECT_EQ(handed_back->result().problem().kind(), proto::Problem::CANCELLED);

  go_on.set_value();
  const auto done = ReceiveResult();
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->result().outcome(), proto::TaskResult::DONE);
  AckResult(handed_back->number());
  AckResult(done->number());
  EXPECT_TRUE(ReceiveOf(&proto::Envelope::has_goodbye).has_value());
  EXPECT_TRUE(AwaitEnd().ok());
}

TEST_F(WorkerTest, StopCancelsWhatDoesNotEndInTime) {
  std::promise<void> running;
  Start(
      [&](const proto::Task& task, TaskContext& context) {
        running.set_value();
        return RunUntilCancelled(task, context);
      },
      /*drain=*/absl::Milliseconds(100));
  Join();
  Dispatch(1);
  running.get_future().wait();
  worker_->Stop();
  const auto result = ReceiveResult();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->result().problem().kind(), proto::Problem::CANCELLED);
  AckResult(result->number());
  EXPECT_TRUE(ReceiveOf(&proto::Envelope::has_goodbye).has_value());
  EXPECT_TRUE(AwaitEnd().ok());
}

TEST_F(WorkerTest, SecondStopIsQuick) {
  std::promise<void> running;
  Start([&](const proto::Task& task, TaskContext& context) {
    running.set_value();
    return RunUntilCancelled(task, context);
  });
  Join();
  Dispatch(1);
  running.get_future().wait();
  worker_->Stop();
  worker_->Stop();
  EXPECT_TRUE(AwaitEnd().ok());
}

TEST_F(WorkerTest, TaskThatCannotBeStoppedGetsNoGoodbye) {
  std::promise<void> running, go_on;
  Start(
      [&](const proto::Task&, TaskContext&) {
        running.set_value();
        go_on.get_future().wait();
        return Done();
      },
      /*drain=*/absl::ZeroDuration());
  Join();
  Dispatch(1);
  running.get_future().wait();
  worker_->Stop();
  EXPECT_TRUE(AwaitEnd().ok());
  EXPECT_FALSE(worker_->WaitUntilIdle(absl::ZeroDuration()));
  EXPECT_FALSE(Receive(absl::Milliseconds(100)).has_value());
  go_on.set_value();
}

TEST_F(WorkerTest, DrainedWorkerSaysGoodbye) {
  Start(EndAtOnce);
  Join();
  proto::Envelope drain;
  drain.mutable_drain();
  Send(std::move(drain));
  EXPECT_TRUE(ReceiveOf(&proto::Envelope::has_goodbye).has_value());
  EXPECT_TRUE(AwaitEnd().ok());
}

TEST_F(WorkerTest, StopsWhileThereIsNoCoordinator) {
  fleet_.reset();
  Start(EndAtOnce);
  worker_->Stop();
  EXPECT_TRUE(AwaitEnd().ok());
}

TEST_F(WorkerTest, IntentIsAnsweredBeforeTheTaskGoesOn) {
  Start([](const proto::Task&, TaskContext& context) {
    proto::Intent intent;
    intent.add_removals()->set_tag("t");
    proto::TaskResult result = Done();
    result.add_notes(
        std::string(context.write_intent("reg", "repo", &intent).ToString()));
    result.add_notes(
        std::string(context.write_intent("reg", "repo", nullptr).ToString()));
    return result;
  });
  Join();
  Dispatch(1);
  for (const bool present : {true, false}) {
    const auto write = ReceiveOf(&proto::Envelope::has_intent_write);
    ASSERT_TRUE(write.has_value());
    EXPECT_EQ(write->intent_write().registry(), "reg");
    EXPECT_EQ(write->intent_write().repository(), "repo");
    EXPECT_EQ(write->intent_write().has_intent(), present);
    proto::Envelope ack;
    ack.mutable_intent_ack()->set_number(write->intent_write().number());
    ack.mutable_intent_ack()->set_accepted(true);
    Send(std::move(ack));
  }
  const auto result = ReceiveResult();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->result().notes(0), "OK");
  EXPECT_EQ(result->result().notes(1), "OK");
}

TEST_F(WorkerTest, AsksForConnectionsAndGivesThemBack) {
  Start([this](const proto::Task&, TaskContext& context) {
    GrantGate* gate = grants_.Gate("r");
    EXPECT_TRUE(gate->Acquire(2, &context.scope->cancellation()).ok());
    gate->Release();
    gate->Release();
    return Done();
  });
  Join();
  Dispatch(1);
  const auto more = ReceiveOf(&proto::Envelope::has_grant_request);
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->grant_request().wanted(), 2u);
  proto::Envelope grant;
  grant.mutable_grant()->set_registry("r");
  grant.mutable_grant()->set_version(1);
  grant.mutable_grant()->set_connections(2);
  Send(std::move(grant));
  std::optional<proto::Envelope> request;
  do {
    request = ReceiveOf(&proto::Envelope::has_grant_request);
    ASSERT_TRUE(request.has_value());
  } while (request->grant_request().wanted() > 0);
  EXPECT_EQ(request->grant_request().version(), 1u);
}

TEST_F(WorkerTest, CancelReachesTheRunningTask) {
  Start(RunUntilCancelled);
  Join();
  Dispatch(1);
  proto::Envelope cancel;
  cancel.mutable_cancel()->mutable_id()->set_run("R");
  cancel.mutable_cancel()->mutable_id()->set_index(1);
  cancel.mutable_cancel()->set_attempt(1);
  cancel.mutable_cancel()->set_reason("because");
  Send(std::move(cancel));
  const auto result = ReceiveResult();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->result().problem().message(), "because");
}

}  // namespace
}  // namespace registry_manager
