// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "coordinator/server/server_fixture_for_test.h"

namespace registry_manager {
namespace {

TEST_F(ServerTest, CarriesARunToItsEnd) {
  worker_.carry_out = [](const proto::Task& task) {
    const bool first =
        task.has_list_catalog() && task.list_catalog().cursor().empty();
    if (first) return Page({"x", "y"}, "next");
    if (task.has_list_catalog()) return Page({"z"}, "");
    return Done();
  };
  const auto end = Carry({StreamFor(Kind::kDelete, kA)});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, RunEnd::kReachedEnd);
  EXPECT_TRUE(run_->Finished());
  // Two pages, three repositories.
  EXPECT_EQ(listener_.ended.size(), 5u);
  // Nothing is held any more.
  EXPECT_TRUE(others_->TryLock("https://a.example/x"));
}

TEST_F(ServerTest, AcknowledgesOnlyWhatIsJournalledAlsoWhatIsSentAgain) {
  worker_.carry_out = [this](const proto::Task& task) {
    journal_.on_failed_write = [this, lease = task.lease()] {
      worker_.SayResult(lease, Done(), 1);
    };
    journal_.failing_writes = 2;
    return Done();
  };
  int acknowledged = 0;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (!message.has_result_ack()) return;
    ++acknowledged;
    EXPECT_EQ(journal_.ReadOutcomes(0, 1).value()[0], TaskState::kDone);
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_GE(acknowledged, 1);
  EXPECT_EQ(listener_.ended, Names({"x DONE"}));
}

TEST_F(ServerTest, AnswersHeartbeatsWhileTheJournalIsSlow) {
  std::promise<void> answered;
  bool is_answered = false;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (message.has_heartbeat_ack()) answered.set_value();
  };
  worker_.carry_out = [&](const proto::Task&) {
    journal_.on_failed_write = [&] {
      proto::Envelope heartbeat;
      heartbeat.mutable_heartbeat()->set_number(1);
      worker_.Say(std::move(heartbeat));
      is_answered = answered.get_future().wait_for(std::chrono::seconds(10)) ==
                    std::future_status::ready;
    };
    journal_.failing_writes = 1;
    return Done();
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_TRUE(is_answered);
}

TEST_F(ServerTest, WaitsIdlyWhileAJournalThatIsAwayIsTriedAgain) {
  worker_.carry_out = [this](const proto::Task&) {
    // A Redis that hangs, as its client sees it.
    journal_.on_failed_write = [] { absl::SleepFor(absl::Milliseconds(400)); };
    journal_.failing_writes = 3;
    return Done();
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  // It wakes every 250 ms to show progress, and a few times for other reasons;
  // a loop that does not wait looks ten thousand times a second.
  EXPECT_LT(worker_.looks, 500);
}

TEST_F(ServerTest, GoesOnWhenTheJournalIsBack) {
  worker_.carry_out = [this](const proto::Task&) {
    journal_.failing_writes = 2;
    return Done();
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(listener_.ended.size(), 2u);
  ASSERT_GE(listener_.notices.size(), 2u);
  EXPECT_NE(listener_.notices[0].find("journal"), std::string::npos);
  EXPECT_EQ(listener_.notices[1], "the journal is back");
}

TEST_F(ServerTest, WhatIsToldOutlivesTheProcessBeforeItIsJournalled) {
  int refused = 0;
  listener_.on_commit = [&]() -> absl::Status {
    if (listener_.ended.empty()) return absl::OkStatus();
    const bool journalled =
        journal_.ReadOutcomes(0, 1).value()[0] != TaskState::kPending;
    EXPECT_FALSE(journalled);
    if (++refused < 3) return absl::UnavailableError("the disk is full");
    return absl::OkStatus();
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(journal_.ReadOutcomes(0, 1).value()[0], TaskState::kDone);
}

proto::Action Copied(const std::string& tag, proto::Action::Result result) {
  proto::Action action;
  action.set_verb(proto::Action::COPY_TAG);
  action.set_reference(tag);
  action.set_result(result);
  return action;
}

TEST_F(ServerTest, CountsEachActionOnceAcrossAttempts) {
  int attempts = 0;
  worker_.carry_out = [&](const proto::Task& task) {
    proto::Envelope ahead;
    *ahead.mutable_progress()->mutable_id() = task.lease().id();
    ahead.mutable_progress()->set_attempt(task.lease().attempt());
    proto::TaskResult result;
    result.mutable_counts()->set_tags(3);
    if (++attempts == 1) {
      *ahead.mutable_progress()->add_actions() =
          Copied("1", proto::Action::DONE);
      *ahead.mutable_progress()->add_actions() =
          Copied("3", proto::Action::FAILED);
      worker_.Say(ahead);
      result.set_outcome(proto::TaskResult::FAILED);
      result.mutable_problem()->set_kind(proto::Problem::TRANSIENT);
      *result.add_actions() = Copied("2", proto::Action::DONE);
      result.mutable_counts()->set_copied(2);
    } else {
      result.set_outcome(proto::TaskResult::DONE);
      *result.add_actions() = Copied("3", proto::Action::DONE);
      result.mutable_counts()->set_copied(1);
      result.mutable_counts()->set_skipped(2);
    }
    return result;
  };
  const auto end = Carry({Naming(StreamFor(Kind::kSync, kA, kB), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(listener_.told, Names({"1 DONE", "2 DONE", "3 DONE"}));
  EXPECT_EQ(listener_.counts.tags(), 3u);
  EXPECT_EQ(listener_.counts.copied(), 3u);
  EXPECT_EQ(listener_.counts.skipped(), 0u);
}

// Some registries refuse the question of a moment: a worker that takes that for
// a registry without the API leaves referrers behind.
TEST_F(ServerTest, TellsWorkersWhichRegistriesHaveListedReferrers) {
  std::vector<Names> told;
  worker_.carry_out = [&](const proto::Task& task) {
    told.emplace_back(task.list_referrers().begin(),
                      task.list_referrers().end());
    proto::TaskResult result = Done();
    result.add_list_referrers(kA);
    result.add_list_referrers("https://another-run.example");
    return result;
  };
  // One after the other.
  worker_.StaySilent();
  worker_.SayHello(/*slots=*/1);
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(told, (std::vector<Names>{{}, {kA}}));
}

TEST_F(ServerTest, AReadThatFailsWhileFeedingLosesNoTask) {
  journal_.reads_until_failure = 1;
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"}),
                          Naming(StreamFor(Kind::kDelete, kB), {"y"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(listener_.ended.size(), 2u);
}

TEST_F(ServerTest, ARegistryThatDoesNotDeleteIsReportedOnce) {
  Names names;
  for (int i = 0; i < 600; ++i) names.push_back(absl::StrCat("r", i));
  worker_.carry_out = [](const proto::Task&) {
    proto::TaskResult result = Failed("it does not delete");
    result.mutable_problem()->set_kind(
        proto::Problem::REGISTRY_DOES_NOT_DELETE);
    result.mutable_problem()->set_registry(kA);
    return result;
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), names)});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(run_->totals.failed(), 1u);
  EXPECT_EQ(listener_.refused.size(), 600u - 256u);
  EXPECT_EQ(run_->Snapshot().streams(0).skipped(), 599u);
}

TEST_F(ServerTest, WhereOthersAreHarmedWhatIsUnderWayIsCancelled) {
  std::map<std::string, proto::Lease> under_way;
  worker_.carry_out =
      [&](const proto::Task& task) -> std::optional<proto::TaskResult> {
    under_way[task.delete_repository().entry().repository()] = task.lease();
    if (under_way.size() < 2) return std::nullopt;
    proto::TaskResult result = Failed("it was taken along");
    result.mutable_problem()->set_kind(proto::Problem::REGISTRY_HARMS_OTHERS);
    result.mutable_problem()->set_registry(kA);
    return result;
  };
  Names cancelled;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (!message.has_cancel()) return;
    for (const auto& [repository, lease] : under_way) {
      if (lease.id().index() != message.cancel().id().index() ||
          lease.id().shard() != message.cancel().id().shard()) {
        continue;
      }
      cancelled.push_back(repository);
      proto::TaskResult result = Failed("cancelled");
      result.mutable_problem()->set_kind(proto::Problem::CANCELLED);
      worker_.SayResult(lease, std::move(result), 100 + cancelled.size());
    }
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})});
  ASSERT_TRUE(end.ok()) << end.status();
  // The second one harmed, the first one was under way.
  EXPECT_EQ(cancelled, Names({"x"}));
  EXPECT_TRUE(run_->Finished());
  EXPECT_EQ(run_->Snapshot().streams(0).skipped(), 1u);
}

TEST_F(ServerTest, ARegistryThatRefusesIsSetAsideAndTheOthersGoOn) {
  worker_.carry_out = [](const proto::Task& task) {
    if (task.delete_repository().registry() == kB) return Done();
    proto::TaskResult result = Failed("wrong password");
    result.mutable_problem()->set_kind(
        proto::Problem::REGISTRY_REFUSES_CREDENTIALS);
    result.mutable_problem()->set_registry(kA);
    return result;
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"}),
                          Naming(StreamFor(Kind::kDelete, kB), {"z"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, RunEnd::kReachedEnd);
  EXPECT_TRUE(run_->Incomplete());
  EXPECT_EQ(listener_.ended, Names({"z DONE"}));
}

TEST_F(ServerTest, WaitsForARepositoryThatAnotherCoordinatorWritesTo) {
  ASSERT_TRUE(others_->TryLock("https://a.example/x"));
  listener_.on_progress = [this] {
    if (listener_.ended == Names({"y DONE"})) {
      others_->Unlock("https://a.example/x");
    }
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x", "y"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(listener_.ended, Names({"y DONE", "x DONE"}));
}

TEST_F(ServerTest, ASignalWaitsForWhatIsUnderWay) {
  std::optional<proto::Lease> lease;
  worker_.carry_out =
      [&](const proto::Task& task) -> std::optional<proto::TaskResult> {
    lease = task.lease();
    Signal();
    return std::nullopt;
  };
  bool drained = false;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (!message.has_drain()) return;
    drained = true;
    worker_.SayResult(*lease, Done(), 1);
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"}),
                          StreamFor(Kind::kDelete, kB)});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, RunEnd::kInterrupted);
  EXPECT_TRUE(drained);
}

TEST_F(ServerTest, ASecondSignalWaitsForNothing) {
  worker_.carry_out =
      [&](const proto::Task&) -> std::optional<proto::TaskResult> {
    Signal();
    Signal();
    return std::nullopt;
  };
  const absl::Time begin = absl::Now();
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, RunEnd::kInterrupted);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
  EXPECT_TRUE(processes_.ended_at_once);
}

TEST_F(ServerTest, GivesUpWhereWorkersEndBeforeTheyAreReady) {
  worker_.StaySilent();
  for (int i = 0; i < 10; ++i) processes_.exits.push_back({"", i + 1, "died"});
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_FALSE(end.ok());
  EXPECT_NE(end.status().message().find("worker"), std::string::npos);
}

TEST_F(ServerTest, ATaskWhoseWorkerIsLostTooOftenIsGivenUp) {
  options_.max_losses = 3;
  options_.loss_interval = absl::ZeroDuration();
  int dispatched = 0;
  worker_.carry_out =
      [&](const proto::Task&) -> std::optional<proto::TaskResult> {
    // A coordinator that takes over goes on counting.
    const std::vector<Attempts> journalled = journal_.Read()->attempts;
    EXPECT_EQ(journalled.empty() ? 0 : journalled[0].losses, dispatched);
    ++dispatched;
    processes_.exits.push_back({kWorker, 4711, "was killed"});
    return std::nullopt;
  };
  processes_.on_restart = [this] { worker_.SayHello(); };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(dispatched, 3);
  EXPECT_EQ(listener_.ended, Names({"x FAILED"}));
  EXPECT_EQ(run_->totals.failed(), 1u);
}

TEST_F(ServerTest, SaysInWallClockTimeUntilWhenARegistryAskedToWait) {
  std::optional<proto::Lease> lease;
  worker_.carry_out =
      [&](const proto::Task& task) -> std::optional<proto::TaskResult> {
    lease = task.lease();
    proto::Envelope message;
    message.mutable_throttled()->set_registry(kA);
    message.mutable_throttled()->set_kind(proto::Throttled::TOO_MANY_REQUESTS);
    message.mutable_throttled()->set_retry_after_ms(60'000);
    worker_.Say(std::move(message));
    return std::nullopt;
  };
  absl::Time until = absl::InfinitePast();
  listener_.on_progress = [&] {
    for (const proto::RegistrySnapshot& one : listener_.latest.registries()) {
      if (one.parked_until_unix_ms() == 0) continue;
      until = absl::FromUnixMillis(one.parked_until_unix_ms());
      worker_.SayResult(*lease, Done(), 1);
    }
  };
  const absl::Time begun = absl::Now();
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_GE(until, begun + absl::Seconds(59));
  EXPECT_LE(until, absl::Now() + absl::Seconds(61));
}

TEST_F(ServerTest, ABlobIsBroughtByOneTaskAtATime) {
  std::vector<proto::Lease> leases;
  const auto claim = [&](size_t task) {
    proto::Envelope message;
    proto::BlobClaim& body = *message.mutable_blob_claim();
    body.set_number(task + 1);
    *body.mutable_id() = leases[task].id();
    body.set_attempt(leases[task].attempt());
    body.set_target(kB);
    body.set_repository(absl::StrCat("r", task));
    body.set_digest("sha256:1");
    worker_.Say(std::move(message));
  };
  worker_.carry_out =
      [&](const proto::Task& task) -> std::optional<proto::TaskResult> {
    leases.push_back(task.lease());
    if (leases.size() == 2) {
      claim(0);
      claim(1);
    }
    return std::nullopt;
  };
  Names turns;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (!message.has_blob_turn()) return;
    const proto::BlobTurn& turn = message.blob_turn();
    turns.push_back(absl::StrCat(turn.number(), " ", turn.mount_from()));
    // A task that ends without a word gives its turn away.
    worker_.SayResult(leases[turn.number() - 1], Done(), turn.number());
  };
  const auto end = Carry({Naming(StreamFor(Kind::kSync, kA, kB), {"x", "y"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(turns, Names({"1 ", "2 "}));
}

TEST_F(ServerTest, WaitsForWorkersOfACoordinatorThatMayNotHaveEnded) {
  hold_off_ = absl::Milliseconds(300);
  const absl::Time begun = absl::Now();
  absl::Time dispatched;
  worker_.carry_out = [&](const proto::Task&) {
    dispatched = absl::Now();
    return Done();
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_GE(dispatched, begun + hold_off_);
}

// Another coordinator may have the run by then.
TEST_F(ServerTest, RenewsNoLeaseOnceTheOwnershipMayHaveLapsed) {
  ownership_ = absl::Milliseconds(200);
  std::optional<proto::Lease> lease;
  worker_.carry_out =
      [&](const proto::Task& task) -> std::optional<proto::TaskResult> {
    lease = task.lease();
    return std::nullopt;
  };
  listener_.on_progress = [&] {
    if (!lease) return;
    proto::Envelope message;
    proto::RunningTask& task = *message.mutable_heartbeat()->add_running();
    *task.mutable_id() = lease->id();
    task.set_attempt(lease->attempt());
    worker_.Say(std::move(message));
  };
  bool ended = false;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (ended || !message.has_heartbeat_ack()) return;
    EXPECT_EQ(message.heartbeat_ack().lost_size(), 0);
    if (message.heartbeat_ack().renewed_size() > 0) return;
    ended = true;
    worker_.SayResult(*lease, Done(), 1);
  };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_TRUE(ended);
}

TEST_F(ServerTest, EndsWhenTheRunIsAnothersNow) {
  listener_.on_progress = [this] { EXPECT_TRUE(journal_.Release().ok()); };
  worker_.carry_out = [](const proto::Task&) { return Done(); };
  const auto end = Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})});
  EXPECT_FALSE(end.ok());
}

}  // namespace
}  // namespace registry_manager
