// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/session.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/version.h"
#include "worker/grants/fake_clock.h"
#include "worker/session/mailbox.h"

namespace registry_manager {
namespace {

constexpr uint64_t kEpoch = 4;

// A session with real slots, whose tasks last until they are told to end or
// are cancelled, and a test in the place of the coordinator.
class SessionTest : public testing::Test, public TaskPort {
 protected:
  SessionTest() { Begin(); }
  ~SessionTest() override {
    session_.reset();
    executor_.WaitUntilIdle(absl::Seconds(10));
  }

  void Begin() {
    SessionOptions options;
    options.id = "s1";
    options.worker = "w";
    options.slots = 2;
    options.begin = clock_.Now();
    session_ = std::make_unique<Session>(
        options, Session::Parts{&clock_, &grants_, &executor_, &actions_,
                                [this](const proto::Envelope& message) {
                                  if (connected_) sent_.push_back(message);
                                  return connected_;
                                }});
  }

  // --- the coordinator's side ---

  // What was sent since the last call.
  std::vector<proto::Envelope> Sent() {
    session_->Advance();
    return std::exchange(sent_, {});
  }
  template <typename Has>
  std::vector<proto::Envelope> SentOf(Has has) {
    std::vector<proto::Envelope> found;
    for (proto::Envelope& one : Sent()) {
      if ((one.*has)()) found.push_back(std::move(one));
    }
    return found;
  }
  std::vector<proto::Envelope> SentResults() {
    return SentOf(&proto::Envelope::has_result);
  }
  proto::Envelope Reply() const {
    proto::Envelope envelope;
    envelope.set_epoch(kEpoch);
    envelope.set_session("s1");
    return envelope;
  }
  void Welcome() {
    proto::Envelope envelope = Reply();
    envelope.mutable_welcome()->set_heartbeat_ms(5000);
    envelope.mutable_welcome()->set_lease_ms(30000);
    session_->Receive(envelope);
  }
  void Join() {
    Sent();
    Welcome();
    Sent();
    ack_heartbeats_ = 1;
    AckHeartbeat({});
  }
  void SendSettings() {
    proto::Envelope envelope = Reply();
    envelope.mutable_settings()->mutable_settings()->set_run("R");
    session_->Receive(envelope);
  }
  static proto::Lease LeaseOf(uint32_t index, uint32_t attempt = 1) {
    proto::Lease lease;
    lease.mutable_id()->set_run("R");
    lease.mutable_id()->set_index(index);
    lease.set_attempt(attempt);
    lease.set_ttl_ms(30000);
    return lease;
  }
  void Dispatch(uint32_t index, uint32_t attempt = 1) {
    proto::Envelope envelope = Reply();
    proto::Dispatch& dispatch = *envelope.mutable_dispatch();
    *dispatch.mutable_task()->mutable_lease() = LeaseOf(index, attempt);
    dispatch.mutable_task()->mutable_list_catalog();
    dispatch.set_heartbeat(ack_heartbeats_ - 1);
    session_->Receive(envelope);
  }
  void AckHeartbeat(const std::vector<uint32_t>& renewed,
                    const std::vector<uint32_t>& lost = {}) {
    proto::Envelope envelope = Reply();
    proto::HeartbeatAck& ack = *envelope.mutable_heartbeat_ack();
    ack.set_number(ack_heartbeats_++);
    for (const uint32_t index : renewed) *ack.add_renewed() = LeaseOf(index);
    for (const uint32_t index : lost) *ack.add_lost() = LeaseOf(index);
    session_->Receive(envelope);
  }
  void AckResult(uint64_t number) {
    proto::Envelope envelope = Reply();
    envelope.mutable_result_ack()->set_number(number);
    session_->Receive(envelope);
  }
  void Cancel(uint32_t index, uint32_t attempt = 1) {
    proto::Envelope envelope = Reply();
    *envelope.mutable_cancel()->mutable_id() = LeaseOf(index).id();
    envelope.mutable_cancel()->set_attempt(attempt);
    envelope.mutable_cancel()->set_reason("stalled");
    session_->Receive(envelope);
  }

  // --- the slots' side ---

  struct Running {
    TaskContext* context = nullptr;
    bool end = false;
  };

  proto::TaskResult Carry(const proto::Task& task, TaskContext& context) {
    const uint32_t index = task.lease().id().index();
    const uint64_t ticket = context.scope->cancellation().Subscribe([this] {
      const std::lock_guard<std::mutex> lock(mutex_);
      changed_.notify_all();
    });
    proto::TaskResult result;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      running_[index].context = &context;
      changed_.notify_all();
      changed_.wait(lock, [&] {
        return running_[index].end ||
               !context.scope->cancellation().status().ok();
      });
      running_.erase(index);
    }
    context.scope->cancellation().Unsubscribe(ticket);
    const absl::Status status = context.scope->cancellation().status();
    result.set_outcome(proto::TaskResult::DONE);
    return status.ok() ? result : HandedBack(std::string(status.message()));
  }
  // Waits until the task runs.
  TaskContext& Context(uint32_t index) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return running_[index].context != nullptr; });
    return *running_[index].context;
  }
  void EndTask(uint32_t index) {
    Context(index);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      running_[index].end = true;
    }
    changed_.notify_all();
    AwaitFinished();
  }
  // Waits until a slot has a result, and hands it to the session.
  void AwaitFinished() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return !finished_.empty(); });
    auto finished = std::exchange(finished_, {});
    lock.unlock();
    for (auto& [assignment, result] : finished) {
      session_->Finish(assignment, std::move(result));
    }
  }
  void Finished(const std::shared_ptr<Assignment>& assignment,
                proto::TaskResult result) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_.emplace_back(assignment, std::move(result));
    changed_.notify_all();
  }
  absl::Status WriteIntent(const std::shared_ptr<Assignment>& assignment,
                           const std::string&, const std::string&,
                           const proto::Intent*) override {
    auto call = std::make_shared<IntentCall>();
    session_->WriteIntent(assignment, {}, call);
    intent_ = call;
    return absl::OkStatus();
  }
  absl::StatusOr<BlobLedger::Turn> ClaimBlob(
      const std::shared_ptr<Assignment>& assignment,
      const BlobPlace& place) override {
    blob_ = std::make_shared<BlobCall>();
    session_->ClaimBlob(assignment, place, blob_);
    return BlobLedger::Turn();
  }
  void EndBlob(const std::shared_ptr<Assignment>& assignment,
               const BlobPlace& place,
               proto::BlobEnd::Outcome outcome) override {
    session_->EndBlob(assignment, place, outcome);
  }
  void SendActions(const std::shared_ptr<Assignment>& assignment,
                   const std::vector<proto::Action>& actions) override {
    actions_.Push(assignment, actions);
  }

  FakeClock clock_;
  GrantPool grants_{&clock_, [] {}};
  WorkerServices services_{nullptr, nullptr,
                           [](const std::string&) { return nullptr; }};
  ActionQueue actions_{[] {}};
  bool connected_ = true;
  std::vector<proto::Envelope> sent_;
  uint64_t ack_heartbeats_ = 0;
  std::shared_ptr<IntentCall> intent_;
  std::shared_ptr<BlobCall> blob_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint32_t, Running> running_;
  std::vector<std::pair<std::shared_ptr<Assignment>, proto::TaskResult>>
      finished_;
  Executor executor_{2,
                     [this](const proto::Task& task, TaskContext& context) {
                       return Carry(task, context);
                     },
                     &services_, this};
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, BeginsWithHelloAndRepeatsItUntilWelcome) {
  auto sent = Sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].session(), "s1");
  EXPECT_EQ(sent[0].hello().slots(), 2u);
  EXPECT_EQ(sent[0].hello().build(), kVersion);
  EXPECT_TRUE(Sent().empty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Sent().size(), 1u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Sent().empty());

  Welcome();

  EXPECT_EQ(session_->state(), Session::State::kJoined);
  sent = Sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].heartbeat().number(), 1u);
}

TEST_F(SessionTest, HelloWaitsForTheConnection) {
  connected_ = false;
  session_->Advance();
  EXPECT_LE(session_->NextWake(), clock_.Now() + absl::Milliseconds(100));
  connected_ = true;
  EXPECT_EQ(Sent().size(), 1u);
}

TEST_F(SessionTest, TaskRunsAndItsResultIsSentUntilAcknowledged) {
  Join();
  SendSettings();
  Dispatch(1);
  EndTask(1);

  auto results = SentResults();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].result().number(), 1u);
  EXPECT_EQ(results[0].result().result().id().index(), 1u);
  EXPECT_EQ(results[0].result().result().attempt(), 1u);
  EXPECT_EQ(results[0].result().result().outcome(), proto::TaskResult::DONE);
  EXPECT_TRUE(SentResults().empty());

  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(SentResults().size(), 1u);
  AckResult(1);
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(SentResults().empty());
  EXPECT_TRUE(session_->idle());
}

TEST_F(SessionTest, TaskWaitsForItsSettings) {
  Join();
  Dispatch(1);
  const auto requests = SentOf(&proto::Envelope::has_settings_request);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].settings_request().run(), "R");
  EXPECT_TRUE(SentOf(&proto::Envelope::has_settings_request).empty());
  EXPECT_LE(session_->NextWake(), clock_.Now() + absl::Seconds(1));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(SentOf(&proto::Envelope::has_settings_request).size(), 1u);

  SendSettings();

  EXPECT_EQ(Context(1).settings->run(), "R");
}

TEST_F(SessionTest, DispatchThatComesTwiceIsCarriedOutOnce) {
  Join();
  SendSettings();
  Dispatch(1);
  Dispatch(1);
  EndTask(1);
  Dispatch(1);
  EXPECT_EQ(SentResults().size(), 1u);
  const std::lock_guard<std::mutex> lock(mutex_);
  EXPECT_TRUE(running_.empty());
}

TEST_F(SessionTest, HeartbeatTellsOfTheTasks) {
  Join();
  SendSettings();
  Dispatch(1);
  TaskContext& context = Context(1);
  context.scope->Progress();
  context.scope->Progress();
  proto::Counts counts;
  counts.set_deleted(9);
  context.report(counts);
  clock_.Advance(absl::Seconds(5));

  const auto heartbeats = SentOf(&proto::Envelope::has_heartbeat);

  ASSERT_EQ(heartbeats.size(), 1u);
  ASSERT_EQ(heartbeats[0].heartbeat().running_size(), 1);
  const proto::RunningTask& task = heartbeats[0].heartbeat().running(0);
  EXPECT_EQ(task.id().index(), 1u);
  EXPECT_EQ(task.progress(), 2u);
  EXPECT_EQ(task.counts().deleted(), 9u);
}

TEST_F(SessionTest, LeaseCountsFromTheHeartbeatThatWasAnswered) {
  Join();
  SendSettings();
  Dispatch(1);
  TaskContext& context = Context(1);
  // 24 of 30 seconds.
  clock_.Advance(absl::Seconds(5));
  Sent();
  clock_.Advance(absl::Seconds(18.9));
  EXPECT_TRUE(context.scope->MayWrite().ok());
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_EQ(context.scope->MayWrite().message(),
            "the lease of this task has ended");
  // Sent after 5 seconds, answered after 24: until 5 + 24.
  AckHeartbeat({1});
  clock_.Advance(absl::Seconds(4.9));
  EXPECT_TRUE(context.scope->MayWrite().ok());
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_FALSE(context.scope->MayWrite().ok());
}

TEST_F(SessionTest, EndOfTheLeaseCancelsTheTask) {
  Join();
  SendSettings();
  Dispatch(1);
  Context(1);
  for (int i = 0; i < 6; ++i) {
    clock_.Advance(absl::Seconds(5));
    Sent();
    AckHeartbeat({});
  }
  AwaitFinished();
  const auto results = SentResults();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].result().result().problem().kind(),
            proto::Problem::CANCELLED);
  EXPECT_EQ(session_->state(), Session::State::kJoined);
}

TEST_F(SessionTest, LateWakeFindsNoRightToWriteLeft) {
  Join();
  SendSettings();
  Dispatch(1);
  TaskContext& context = Context(1);
  // Stopped, or suspended: no thread of this process ran meanwhile.
  clock_.Advance(absl::Minutes(5));
  EXPECT_TRUE(absl::IsCancelled(context.scope->MayWrite()));
  session_->Advance();
  EXPECT_EQ(session_->state(), Session::State::kOver);
  AwaitFinished();
}

TEST_F(SessionTest, DispatchThatLayUnreadGivesNoLease) {
  Join();
  SendSettings();
  Sent();
  clock_.Advance(absl::Seconds(31));
  Dispatch(1);
  const std::lock_guard<std::mutex> lock(mutex_);
  EXPECT_TRUE(running_.empty());
}

TEST_F(SessionTest, SilenceOfTheCoordinatorEndsTheSession) {
  Join();
  SendSettings();
  Dispatch(1);
  Context(1);
  clock_.Advance(absl::Seconds(29.9));
  session_->Advance();
  EXPECT_EQ(session_->state(), Session::State::kJoined);
  EXPECT_LE(session_->NextWake(), clock_.Now() + absl::Seconds(0.1));
  clock_.Advance(absl::Seconds(0.1));
  session_->Advance();
  EXPECT_EQ(session_->state(), Session::State::kOver);
  EXPECT_TRUE(absl::StrContains(session_->reason(), "silent"));
  AwaitFinished();
}

TEST_F(SessionTest, LostTaskIsCancelledAndItsResultFreesTheSlot) {
  Join();
  SendSettings();
  Dispatch(1);
  Dispatch(2);
  Context(1);
  Context(2);
  clock_.Advance(absl::Seconds(5));
  Sent();
  AckHeartbeat({2}, {1});
  AwaitFinished();
  EXPECT_EQ(SentResults().size(), 1u);
  EXPECT_TRUE(Context(2).scope->MayWrite().ok());
}

TEST_F(SessionTest, CancelStopsThatAttemptOnly) {
  Join();
  SendSettings();
  Dispatch(1);
  TaskContext& context = Context(1);
  Cancel(1, /*attempt=*/2);
  EXPECT_TRUE(context.scope->MayWrite().ok());
  Cancel(1);
  AwaitFinished();
  const auto results = SentResults();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].result().result().problem().message(), "stalled");
}

TEST_F(SessionTest, TaskThatWaitsIsCancelledWithoutBeingBegun) {
  Join();
  Dispatch(1);
  Cancel(1);
  EXPECT_EQ(SentResults().size(), 1u);
  SendSettings();
  const std::lock_guard<std::mutex> lock(mutex_);
  EXPECT_TRUE(running_.empty());
}

TEST_F(SessionTest, DrainHandsBackWhatHasNotBegun) {
  Join();
  SendSettings();
  for (const uint32_t index : {1, 2, 3}) Dispatch(index);
  Context(1);
  Context(2);
  session_->Receive([this] {
    proto::Envelope envelope = Reply();
    envelope.mutable_drain();
    return envelope;
  }());
  Dispatch(4);
  const auto results = SentResults();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].result().result().id().index(), 3u);
  EXPECT_EQ(results[1].result().result().id().index(), 4u);
  EXPECT_EQ(results[0].result().result().problem().kind(),
            proto::Problem::CANCELLED);
  EXPECT_TRUE(Context(1).scope->MayWrite().ok());
  EXPECT_FALSE(session_->idle());
}

TEST_F(SessionTest, LowerEpochAndOtherSessionsAreNotHeard) {
  Join();
  SendSettings();
  proto::Envelope envelope = Reply();
  envelope.mutable_drain();
  envelope.set_epoch(kEpoch - 1);
  session_->Receive(envelope);
  envelope.set_epoch(kEpoch);
  envelope.set_session("s2");
  session_->Receive(envelope);
  EXPECT_FALSE(session_->draining());
}

TEST_F(SessionTest, SessionEndsWithItsCoordinator) {
  Join();
  proto::Envelope welcome = Reply();
  welcome.set_epoch(kEpoch + 1);
  welcome.mutable_welcome()->set_lease_ms(30000);
  session_->Receive(welcome);
  EXPECT_EQ(session_->state(), Session::State::kOver);
  EXPECT_EQ(session_->epoch(), kEpoch + 1);
}

TEST_F(SessionTest, RejectedHelloIsFinalAndALaterRejectIsNot) {
  proto::Envelope reject = Reply();
  reject.mutable_reject()->set_reason("no room");
  Join();
  session_->Receive(reject);
  EXPECT_EQ(session_->state(), Session::State::kOver);
  Begin();
  session_->Receive(reject);
  EXPECT_EQ(session_->state(), Session::State::kRejected);
  EXPECT_EQ(session_->reason(), "no room");
}

TEST_F(SessionTest, SaysHelloAgainWhereHeartbeatsAreNotAnswered) {
  Join();
  SendSettings();
  Dispatch(1);
  EndTask(1);
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(absl::Seconds(5));
    EXPECT_TRUE(SentOf(&proto::Envelope::has_hello).empty());
  }
  clock_.Advance(absl::Seconds(5));
  Sent();
  EXPECT_EQ(SentOf(&proto::Envelope::has_hello).size(), 1u);
  Welcome();
  // The old connection may have lost anything.
  EXPECT_EQ(SentResults().size(), 1u);
  EXPECT_EQ(session_->state(), Session::State::kJoined);
}

TEST_F(SessionTest, IntentIsSentUntilAcknowledged) {
  Join();
  SendSettings();
  Dispatch(1);
  EXPECT_TRUE(Context(1).write_intent("r", "x", nullptr).ok());
  auto writes = SentOf(&proto::Envelope::has_intent_write);
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_EQ(writes[0].intent_write().number(), 1u);
  EXPECT_EQ(writes[0].intent_write().id().index(), 1u);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(SentOf(&proto::Envelope::has_intent_write).size(), 1u);

  proto::Envelope ack = Reply();
  ack.mutable_intent_ack()->set_number(1);
  ack.mutable_intent_ack()->set_accepted(true);
  session_->Receive(ack);

  Cancellation never;
  EXPECT_TRUE(intent_->Wait(never).ok());
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(SentOf(&proto::Envelope::has_intent_write).empty());
}

TEST_F(SessionTest, IntentThatIsNotAcceptedStopsTheTask) {
  Join();
  SendSettings();
  Dispatch(1);
  TaskContext& context = Context(1);
  EXPECT_TRUE(context.write_intent("r", "x", nullptr).ok());
  proto::Envelope ack = Reply();
  ack.mutable_intent_ack()->set_number(1);
  session_->Receive(ack);
  Cancellation never;
  EXPECT_TRUE(absl::IsCancelled(intent_->Wait(never)));
  AwaitFinished();
  EXPECT_EQ(SentResults().size(), 1u);
}

TEST_F(SessionTest, ABlobIsClaimedUntilTheTurnComes) {
  Join();
  SendSettings();
  Dispatch(1);
  TaskContext& context = Context(1);
  const Address target = *Address::Parse("http://b.example");
  const Digest blob = Digest::Of("blob");
  Cancellation never;
  EXPECT_TRUE(context.blobs->Claim(target, "x", blob, never).ok());
  const auto claims = SentOf(&proto::Envelope::has_blob_claim);
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].blob_claim().id().index(), 1u);
  EXPECT_EQ(claims[0].blob_claim().target(), "http://b.example");
  EXPECT_EQ(claims[0].blob_claim().repository(), "x");
  EXPECT_EQ(claims[0].blob_claim().digest(), blob.str());
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(SentOf(&proto::Envelope::has_blob_claim).size(), 1u);

  proto::Envelope turn = Reply();
  turn.mutable_blob_turn()->set_number(1);
  turn.mutable_blob_turn()->set_mount_from("y");
  session_->Receive(turn);

  EXPECT_EQ(blob_->Wait(never)->mount_from, "y");
  context.blobs->Finish(target, "x", blob, true);
  const auto ends = SentOf(&proto::Envelope::has_blob_end);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].blob_end().digest(), blob.str());
  EXPECT_EQ(ends[0].blob_end().outcome(), proto::BlobEnd::PRESENT);
  // What this worker knows it does not ask for.
  EXPECT_TRUE(context.blobs->Claim(target, "x", blob, never)->present);
  EXPECT_TRUE(SentOf(&proto::Envelope::has_blob_claim).empty());
}

TEST_F(SessionTest, ABlobsTurnThatIsRefusedStopsTheTask) {
  Join();
  SendSettings();
  Dispatch(1);
  Cancellation never;
  EXPECT_TRUE(Context(1)
                  .blobs
                  ->Claim(*Address::Parse("http://b.example"), "x",
                          Digest::Of("blob"), never)
                  .ok());
  proto::Envelope turn = Reply();
  turn.mutable_blob_turn()->set_number(1);
  turn.mutable_blob_turn()->set_refused(true);
  session_->Receive(turn);
  EXPECT_TRUE(absl::IsCancelled(blob_->Wait(never).status()));
  AwaitFinished();
  EXPECT_EQ(SentResults().size(), 1u);
}

TEST_F(SessionTest, CancelledTaskDoesNotWaitForItsIntent) {
  Join();
  SendSettings();
  Dispatch(1);
  TaskContext& context = Context(1);
  EXPECT_TRUE(context.write_intent("r", "x", nullptr).ok());
  Cancellation cancellation;
  cancellation.Cancel(absl::CancelledError("stop"));
  EXPECT_TRUE(absl::IsCancelled(intent_->Wait(cancellation)));
}

TEST_F(SessionTest, ActionsGoBeforeTheResult) {
  Join();
  SendSettings();
  Dispatch(1);
  Context(1).send_actions(std::vector<proto::Action>(3));
  EndTask(1);
  const auto sent = Sent();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].progress().actions_size(), 3);
  EXPECT_TRUE(sent[1].has_result());
}

TEST_F(SessionTest, GrantsAndWhatIsWantedTravel) {
  Join();
  Cancellation cancellation;
  GrantGate* gate = grants_.Gate("r");
  gate->Throttled(ThrottleReason::kTooManyRequests, absl::Seconds(9));
  const auto throttled = SentOf(&proto::Envelope::has_throttled);
  ASSERT_EQ(throttled.size(), 1u);
  EXPECT_EQ(throttled[0].throttled().retry_after_ms(), 9000u);

  clock_.Advance(absl::Seconds(9));
  proto::Envelope grant = Reply();
  grant.mutable_grant()->set_registry("r");
  grant.mutable_grant()->set_version(1);
  grant.mutable_grant()->set_connections(1);
  session_->Receive(grant);
  ASSERT_TRUE(gate->Acquire(1, &cancellation).ok());
  const auto requests = SentOf(&proto::Envelope::has_grant_request);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].grant_request().version(), 1u);
  EXPECT_EQ(requests[0].grant_request().in_use(), 1u);
  EXPECT_TRUE(SentOf(&proto::Envelope::has_grant_request).empty());
}

TEST_F(SessionTest, SettingsTellTheMostConnections) {
  Join();
  proto::Envelope envelope = Reply();
  proto::Registry& registry =
      *envelope.mutable_settings()->mutable_settings()->add_registries();
  registry.set_id("r");
  registry.set_max_connections(1);
  session_->Receive(envelope);
  Cancellation cancellation;
  EXPECT_TRUE(
      absl::IsFailedPrecondition(grants_.Gate("r")->Acquire(2, &cancellation)));
}

TEST_F(SessionTest, AsksForCredentialsUntilItIsAnswered) {
  Join();
  const auto call = std::make_shared<CredentialsCall>();
  session_->AskForCredentials("RUN1", "https://a.example", call);
  session_->Advance();
  for (int i = 0; i < 2; ++i) {
    const auto asked = SentOf(&proto::Envelope::has_credentials_request);
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].credentials_request().number(), 1u);
    EXPECT_EQ(asked[0].credentials_request().run(), "RUN1");
    EXPECT_EQ(asked[0].credentials_request().registry(), "https://a.example");
    clock_.Advance(absl::Seconds(2));
    session_->Advance();
  }
  SentOf(&proto::Envelope::has_credentials_request);

  proto::Envelope envelope = Reply();
  proto::CredentialsReply& reply = *envelope.mutable_credentials_reply();
  reply.set_number(1);
  reply.mutable_credentials()->mutable_whole()->set_password("new");
  session_->Receive(envelope);
  const auto answer = call->WaitFor(absl::ZeroDuration());
  ASSERT_TRUE(answer.has_value() && answer->ok());
  EXPECT_EQ((*answer)->whole.password, "new");
  clock_.Advance(absl::Seconds(2));
  session_->Advance();
  EXPECT_TRUE(SentOf(&proto::Envelope::has_credentials_request).empty());
  // A second answer, or one to no question, is ignored.
  session_->Receive(envelope);
}

TEST_F(SessionTest, TellsWhyThereAreNoOtherCredentials) {
  Join();
  const auto call = std::make_shared<CredentialsCall>();
  session_->AskForCredentials("RUN1", "https://a.example", call);
  proto::Envelope envelope = Reply();
  envelope.mutable_credentials_reply()->set_number(1);
  envelope.mutable_credentials_reply()->set_problem("the helper\nis gone");
  session_->Receive(envelope);
  const auto answer = call->WaitFor(absl::ZeroDuration());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status().message(), "the helper\\x0ais gone");
}

TEST_F(SessionTest, NobodyWaitsForCredentialsOnceTheSessionIsOver) {
  Join();
  const auto call = std::make_shared<CredentialsCall>();
  session_->AskForCredentials("RUN1", "https://a.example", call);
  EXPECT_FALSE(call->WaitFor(absl::ZeroDuration()).has_value());
  session_.reset();
  EXPECT_TRUE(call->WaitFor(absl::ZeroDuration()).has_value());
}

TEST_F(SessionTest, WhatIsTooMuchIsHandedBack) {
  Join();
  for (uint32_t index = 1; index <= 1024; ++index) Dispatch(index);
  EXPECT_TRUE(SentResults().empty());
  Dispatch(1025);
  const auto results = SentResults();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].result().result().id().index(), 1025u);
  EXPECT_EQ(results[0].result().result().problem().kind(),
            proto::Problem::CANCELLED);
}

TEST_F(SessionTest, NothingSpinsWhileTheConnectionIsAway) {
  Join();
  SendSettings();
  Dispatch(1);
  EndTask(1);
  connected_ = false;
  session_->Advance();
  EXPECT_GE(session_->NextWake(), clock_.Now() + absl::Milliseconds(100));
}

}  // namespace
}  // namespace registry_manager
