// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/scheduler.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace registry_manager {
namespace {

using Acceptance = Scheduler::Acceptance;
using Ended = Scheduler::Ended;
using HandedBack = Scheduler::HandedBack;
using Refused = Scheduler::Refused;
using RunningTask = Scheduler::RunningTask;
using TryAgain = Scheduler::TryAgain;
using Unreachable = Scheduler::Unreachable;

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

TaskKey Key(uint32_t index) { return TaskKey{"run", 0, index}; }

template <typename Effect>
std::vector<Effect> Only(const std::vector<SchedulerEffect>& effects) {
  std::vector<Effect> found;
  for (const SchedulerEffect& effect : effects) {
    if (const auto* one = std::get_if<Effect>(&effect)) found.push_back(*one);
  }
  return found;
}

class SchedulerTest : public testing::Test {
 protected:
  void AddTask(uint32_t index, std::vector<std::string> registries,
               const std::string& writes = "",
               const std::string& write_group = "", int connections = 1) {
    TaskSpec spec;
    spec.key = Key(index);
    spec.registries = std::move(registries);
    spec.connections = connections;
    spec.writes = writes;
    spec.write_group = write_group;
    EXPECT_TRUE(scheduler_.AddTask(spec));
  }

  void AddTaskOf(const std::string& run, uint32_t index,
                 const std::string& registry) {
    TaskSpec spec;
    spec.key = TaskKey{run, 0, index};
    spec.registries = {registry};
    EXPECT_TRUE(scheduler_.AddTask(spec));
  }

  void AddRegistry(const std::string& name, int connections) {
    RegistryBudget budget;
    budget.max_connections = connections;
    scheduler_.AddRegistry("run", name, budget);
  }

  // "worker:index" of each dispatch, in order.
  std::vector<std::string> Dispatched(absl::Time now) {
    std::vector<std::string> names;
    last_ = scheduler_.Poll(now);
    for (const DispatchTask& one : Only<DispatchTask>(last_)) {
      names.push_back(one.worker + ":" + std::to_string(one.task.index));
    }
    return names;
  }

  Scheduler::HeartbeatReply Beat(const std::string& worker,
                                 const std::vector<RunningTask>& running,
                                 absl::Time now) {
    return scheduler_.Heartbeat(worker, running, now);
  }

  using Names = std::vector<std::string>;

  SchedulerOptions options_;
  Scheduler scheduler_{options_};
  std::vector<SchedulerEffect> last_;
};

TEST_F(SchedulerTest, GrantsBeforeItDispatches) {
  AddTask(1, {"src", "dst"});
  scheduler_.Join("a", 4, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
  ASSERT_EQ(last_.size(), 3u);
  EXPECT_EQ(std::get<GrantConnections>(last_[0]).registry, "src");
  EXPECT_EQ(std::get<GrantConnections>(last_[1]).registry, "dst");
  EXPECT_EQ(std::get<GrantConnections>(last_[1]).connections, 1);
  EXPECT_EQ(std::get<DispatchTask>(last_[2]).attempt, 1u);
  EXPECT_EQ(scheduler_.running(), 1u);
}

TEST_F(SchedulerTest, PrefersTheWorkerWithTheMostFreeSlots) {
  for (uint32_t i = 1; i <= 4; ++i) AddTask(i, {"r"});
  scheduler_.Join("a", 1, At(0));
  scheduler_.Join("b", 2, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"b:1", "a:2", "b:3"}));
}

TEST_F(SchedulerTest, BothRegistriesOrNeither) {
  AddRegistry("full", 1);
  AddTask(1, {"full"});
  AddTask(2, {"full", "free"});
  scheduler_.Join("a", 4, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
  for (const GrantConnections& grant : Only<GrantConnections>(last_)) {
    EXPECT_EQ(grant.registry, "full");
  }
}

TEST_F(SchedulerTest, HeldItDispatchesNothing) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  scheduler_.Hold("run", true);
  EXPECT_EQ(Dispatched(At(0)), Names());
  scheduler_.Hold("run", false);
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
}

TEST_F(SchedulerTest, UrgentTasksComeFirst) {
  AddTask(1, {"r"});
  TaskSpec page;
  page.key = Key(2);
  page.registries = {"other"};
  page.urgent = true;
  scheduler_.AddTask(page);
  scheduler_.Join("a", 1, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:2"}));
}

TEST_F(SchedulerTest, OneWriterARepositoryButBatchesShare) {
  AddTask(1, {"r"}, "r/app");
  AddTask(2, {"r"}, "r/app", "batches");
  AddTask(3, {"r"}, "r/app", "batches");
  AddTask(4, {"r"}, "r/app");
  AddTask(5, {"r"}, "r/other");
  scheduler_.Join("a", 9, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1", "a:5"}));
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, Ended(), At(1)),
            Acceptance::kEnded);
  EXPECT_EQ(Dispatched(At(1)), (Names{"a:2", "a:3"}));
  scheduler_.Result("a", Key(2), 1, Ended(), At(2));
  EXPECT_EQ(Dispatched(At(2)), Names());
  scheduler_.Result("a", Key(3), 1, Ended(), At(3));
  EXPECT_EQ(Dispatched(At(3)), (Names{"a:4"}));
}

TEST_F(SchedulerTest, ATaskThatNeedsMoreIsNotOvertakenForEver) {
  AddRegistry("r", 6);
  for (uint32_t i = 1; i <= 20; ++i) AddTask(i, {"r"});
  scheduler_.Join("a", 9, At(0));
  EXPECT_EQ(Dispatched(At(0)).size(), 6u);
  TaskSpec skopeo;
  skopeo.key = TaskKey{"other", 0, 99};
  skopeo.registries = {"r"};
  skopeo.connections = 6;
  scheduler_.AddTask(skopeo);
  // Nothing else begins until all six are free for it.
  for (uint32_t i = 1; i <= 5; ++i) {
    scheduler_.Result("a", Key(i), 1, Ended(), At(i));
    EXPECT_EQ(Dispatched(At(i)), Names());
  }
  scheduler_.Result("a", Key(6), 1, Ended(), At(6));
  EXPECT_EQ(Dispatched(At(6)), (Names{"a:99"}));
}

TEST_F(SchedulerTest, ASlowRegistryDoesNotComeToOccupyEverySlot) {
  for (uint32_t i = 1; i <= 20; ++i) AddTask(i, {"slow"});
  for (uint32_t i = 101; i <= 120; ++i) AddTask(i, {"fast"});
  scheduler_.Join("a", 4, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1", "a:101", "a:2", "a:102"}));
  for (uint32_t i = 101; i <= 110; ++i) {
    scheduler_.Result("a", Key(i), 1, Ended(), At(1));
    EXPECT_EQ(Dispatched(At(1)), (Names{"a:" + std::to_string(i + 2)}));
  }
}

TEST_F(SchedulerTest, ConnectionsMoveOnlyOnceTheWorkerCompliesWithLess) {
  AddRegistry("r", 4);
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  scheduler_.Join("b", 1, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
  scheduler_.Want("a", "r", 1, 1, 9, 0);
  last_ = scheduler_.Poll(At(1));
  ASSERT_EQ(last_.size(), 1u);
  EXPECT_EQ(std::get<GrantConnections>(last_[0]).connections, 4);
  // A second task finds all connections lent.
  AddTask(2, {"r"});
  EXPECT_EQ(Dispatched(At(2)), Names());
  ASSERT_EQ(last_.size(), 1u);
  EXPECT_EQ(std::get<GrantConnections>(last_[0]).connections, 3);
  EXPECT_EQ(std::get<GrantConnections>(last_[0]).version, 3u);
  scheduler_.Want("a", "r", 2, 4, 9, 0);  // crossed the new grant
  EXPECT_EQ(Dispatched(At(3)), Names());
  scheduler_.Want("a", "r", 3, 3, 9, 0);
  EXPECT_EQ(Dispatched(At(4)), (Names{"b:2"}));
}

TEST_F(SchedulerTest, PermitsGoToWhoWantsThemAtTheRate) {
  RegistryBudget budget;
  budget.requests_per_second = 2;
  scheduler_.AddRegistry("run", "r", budget);
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  scheduler_.Poll(At(0));
  scheduler_.Want("a", "r", 1, 0, 1, 2);
  auto grants = Only<GrantConnections>(scheduler_.Poll(At(0)));
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_TRUE(grants[0].rate_limited);
  EXPECT_EQ(grants[0].permits, 1u);
  EXPECT_EQ(scheduler_.NextWake(), At(0.5));
  grants = Only<GrantConnections>(scheduler_.Poll(At(0.5)));
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].permits, 2u);
}

TEST_F(SchedulerTest, AParkedRegistryGetsNothingNewUntilItsTime) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  scheduler_.Throttled("r", absl::Seconds(5), At(1));
  EXPECT_EQ(scheduler_.ParkedUntil("r"), At(6));
  EXPECT_EQ(scheduler_.ParkedUntil("unknown"), absl::InfinitePast());
  AddTask(2, {"r"});
  AddTask(3, {"other"});
  EXPECT_EQ(Dispatched(At(1)), (Names{"a:3"}));
  const auto grants = Only<GrantConnections>(last_);
  ASSERT_EQ(grants.size(), 2u);
  EXPECT_EQ(grants[0].registry, "r");
  EXPECT_EQ(grants[0].parked, absl::Seconds(5));
  scheduler_.Result("a", Key(3), 1, Ended(), At(2));
  EXPECT_EQ(Dispatched(At(2)), Names());
  EXPECT_EQ(scheduler_.NextWake(), At(6));
  EXPECT_EQ(Dispatched(At(6)), (Names{"a:2"}));
}

// --- leases ---

TEST_F(SchedulerTest, AHeartbeatRenewsWhatItLists) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  Dispatched(At(0));
  const auto reply = Beat("a", {{Key(1), 1, 7}, {Key(2), 1, 0}}, At(20));
  ASSERT_EQ(reply.renewed.size(), 1u);
  EXPECT_EQ(reply.renewed[0].task, Key(1));
  ASSERT_EQ(reply.lost.size(), 1u);
  EXPECT_EQ(reply.lost[0].task, Key(2));
  EXPECT_TRUE(scheduler_.HoldsLease("a", Key(1), 1, At(49)));
  EXPECT_FALSE(scheduler_.HoldsLease("a", Key(1), 1, At(50)));
  EXPECT_FALSE(scheduler_.HoldsLease("a", Key(1), 2, At(20)));
  EXPECT_FALSE(scheduler_.HoldsLease("b", Key(1), 1, At(20)));
}

TEST_F(SchedulerTest, ASilentWorkersTaskGoesToAnother) {
  AddTask(1, {"r"}, "r/app");
  scheduler_.Join("a", 1, At(0));
  Dispatched(At(0));
  scheduler_.Join("b", 1, At(25));
  EXPECT_EQ(Dispatched(At(29)), Names());
  EXPECT_EQ(Dispatched(At(30)), Names());  // backs off, at most a second
  EXPECT_FALSE(scheduler_.Knows("a"));
  EXPECT_EQ(Dispatched(At(31)), (Names{"b:1"}));
  EXPECT_EQ(Only<DispatchTask>(last_)[0].attempt, 2u);
  EXPECT_EQ(Beat("a", {{Key(1), 1, 0}}, At(32)).lost.size(), 1u);
}

TEST_F(SchedulerTest, AWorkerIsGivenNothingAfterHalfALeaseOfSilence) {
  scheduler_.Join("a", 1, At(0));
  AddTask(1, {"r"});
  EXPECT_EQ(Dispatched(At(15.1)), Names());
  Beat("a", {}, At(16));
  EXPECT_EQ(Dispatched(At(16)), (Names{"a:1"}));
}

TEST_F(SchedulerTest, ALeaseThatIsNotRenewedEndsThoughItsWorkerIsThere) {
  scheduler_.Join("a", 1, At(0));
  AddTask(1, {"r"});
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
  const auto reply = scheduler_.Heartbeat(
      "a", {{Key(1), 1, 5}}, At(10), [](const std::string&) { return false; });
  EXPECT_TRUE(reply.renewed.empty());
  EXPECT_TRUE(reply.lost.empty());
  EXPECT_TRUE(scheduler_.HoldsLease("a", Key(1), 1, At(29)));
  scheduler_.Heartbeat("a", {{Key(1), 1, 5}}, At(25),
                       [](const std::string&) { return false; });
  EXPECT_FALSE(scheduler_.HoldsLease("a", Key(1), 1, At(30)));
  EXPECT_TRUE(scheduler_.Knows("a"));
}

TEST_F(SchedulerTest, GivesUpATaskWhoseWorkersAreLostTenTimes) {
  AddTask(1, {"r"});
  for (int i = 0; i < 10; ++i) {
    scheduler_.Join("a", 1, At(60 * i));
    EXPECT_EQ(Dispatched(At(60 * i)), (Names{"a:1"}));
    scheduler_.Leave("a", /*lost=*/true, At(60 * i + 1));
  }
  const auto given_up = Only<GiveUpTask>(scheduler_.Poll(At(600)));
  ASSERT_EQ(given_up.size(), 1u);
  EXPECT_EQ(given_up[0].task, Key(1));
  EXPECT_TRUE(absl::StrContains(given_up[0].reason, "lost 10 times"));
  EXPECT_EQ(scheduler_.tasks(), 0u);
}

TEST_F(SchedulerTest, WorkersThatAreKilledInARowCountOnceAMinute) {
  AddTask(1, {"r"});
  std::vector<int> losses;
  for (int second = 0; second < 100; second += 2) {
    scheduler_.Join("a", 1, At(second));
    if (Dispatched(At(second)).empty()) continue;
    scheduler_.Leave("a", /*lost=*/true, At(second + 1));
    for (const auto& count :
         Only<RecordFailures>(scheduler_.Poll(At(second + 1)))) {
      losses.push_back(count.losses);
    }
  }
  EXPECT_EQ(losses, (std::vector<int>{1, 2}));
  EXPECT_EQ(scheduler_.tasks(), 1u);
}

TEST_F(SchedulerTest, AWorkerThatSaysGoodbyeCountsForNothing) {
  AddTask(1, {"r"});
  for (int i = 0; i < 10; ++i) {
    scheduler_.Join("a", 1, At(i));
    EXPECT_EQ(Dispatched(At(i)), (Names{"a:1"}));
    scheduler_.Leave("a", /*lost=*/false, At(i));
  }
  EXPECT_EQ(scheduler_.tasks(), 1u);
}

TEST_F(SchedulerTest, ADispatchThatTwoHeartbeatsOmitIsSentAgain) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  Beat("a", {}, At(1));  // may have crossed the dispatch
  EXPECT_EQ(Dispatched(At(3)), Names());
  EXPECT_EQ(scheduler_.running(), 1u);
  Beat("a", {}, At(6));
  EXPECT_EQ(scheduler_.running(), 0u);
  EXPECT_EQ(Dispatched(At(7)), (Names{"a:1"}));
  EXPECT_EQ(Only<DispatchTask>(last_)[0].attempt, 2u);
  // Should the first come through all the same, it is told.
  const auto reply = Beat("a", {{Key(1), 1, 0}, {Key(1), 2, 0}}, At(8));
  ASSERT_EQ(reply.lost.size(), 1u);
  EXPECT_EQ(reply.lost[0].attempt, 1u);
  EXPECT_EQ(reply.renewed.size(), 1u);
}

TEST_F(SchedulerTest, AWriterLostOnItsWayKeepsItsRepositoryForItsLease) {
  AddTask(1, {"r"}, "r/app");
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  for (const double t : {1, 6, 12, 18, 24}) {
    Beat("a", {}, At(t));
    EXPECT_EQ(Dispatched(At(t)), Names());
  }
  EXPECT_EQ(Dispatched(At(29.9)), Names());
  EXPECT_EQ(Dispatched(At(30)), (Names{"a:1"}));
}

TEST_F(SchedulerTest, ALostTasksConnectionsComeBackOnceItsWorkerComplies) {
  AddRegistry("r", 2);
  AddTask(1, {"r"}, "", "", 2);
  scheduler_.Join("a", 1, At(0));
  scheduler_.Join("b", 1, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
  TaskSpec other;
  other.key = Key(2);
  other.registries = {"r"};
  other.urgent = true;
  scheduler_.AddTask(other);
  Beat("a", {{Key(1), 1, 0}}, At(10));
  for (const double t : {20, 30}) {  // the worker forgot the task, but lives
    Beat("a", {}, At(t));
    Beat("b", {}, At(t));
  }
  EXPECT_EQ(Dispatched(At(30)), (Names{"a:2"}));  // by what a still has
  TaskSpec third;
  third.key = TaskKey{"other", 0, 3};
  third.registries = {"r"};
  scheduler_.AddTask(third);
  const auto grants = Only<GrantConnections>(last_);
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].connections, 1);
  EXPECT_EQ(Dispatched(At(30)), Names());
  scheduler_.Want("a", "r", grants[0].version, 1, 1, 0);
  EXPECT_EQ(Dispatched(At(31)), (Names{"b:3"}));
}

TEST_F(SchedulerTest, ASilentWorkersConnectionsComeBackWithItsLastLease) {
  AddRegistry("r", 1);
  scheduler_.Join("a", 1, At(0));
  AddTask(1, {"r"});
  EXPECT_EQ(Dispatched(At(14)), (Names{"a:1"}));
  scheduler_.Join("b", 1, At(40));
  AddTask(2, {"r"});
  EXPECT_EQ(Dispatched(At(43.9)), Names());
  EXPECT_TRUE(scheduler_.Knows("a"));
  EXPECT_EQ(Dispatched(At(44)), (Names{"b:2"}));
  EXPECT_FALSE(scheduler_.Knows("a"));
}

// --- results ---

TEST_F(SchedulerTest, AFailedTaskIsTriedAgainAndGivenUpWithItsReason) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  double now = 0;
  for (uint32_t attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(Dispatched(At(now)), (Names{"a:1"}));
    EXPECT_EQ(
        scheduler_.Result("a", Key(1), attempt, TryAgain{"busy"}, At(now)),
        Acceptance::kOpen);
    now += 2;  // the second back-off is two seconds at most
  }
  const auto given_up = Only<GiveUpTask>(scheduler_.Poll(At(now)));
  ASSERT_EQ(given_up.size(), 1u);
  EXPECT_EQ(given_up[0].reason, "busy (given up after 3 attempts)");
}

TEST_F(SchedulerTest, EarlierCoordinatorsAttemptsCount) {
  TaskSpec spec;
  spec.key = Key(1);
  spec.registries = {"r"};
  scheduler_.AddTask(spec, /*attempts=*/2, /*losses=*/0);
  scheduler_.Join("a", 1, At(0));
  Dispatched(At(0));
  scheduler_.Result("a", Key(1), 1, TryAgain{"busy"}, At(0));
  EXPECT_EQ(Only<GiveUpTask>(scheduler_.Poll(At(0))).size(), 1u);
}

TEST_F(SchedulerTest, ATaskHandedBackCountsForNothingAndGoesElsewhere) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 2, At(0));
  scheduler_.Join("b", 1, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
  scheduler_.Result("a", Key(1), 1, HandedBack(), At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"b:1"}));
}

TEST_F(SchedulerTest, ALateResultCountsWhileNoOtherAttemptRuns) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  Dispatched(At(0));
  Dispatched(At(30));  // lost, backing off
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, TryAgain{"x"}, At(30)),
            Acceptance::kStale);
  EXPECT_EQ(scheduler_.Result("a", Key(1), 2, Ended(), At(30)),
            Acceptance::kStale);  // never dispatched
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, Ended(), At(30)),
            Acceptance::kEnded);
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, Ended(), At(30)),
            Acceptance::kStale);
  EXPECT_EQ(scheduler_.tasks(), 0u);
}

TEST_F(SchedulerTest, ALateResultIsStaleWhileAnotherAttemptRuns) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  Dispatched(At(0));
  Dispatched(At(30));
  scheduler_.Join("b", 1, At(31));
  EXPECT_EQ(Dispatched(At(31)), (Names{"b:1"}));
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, Ended(), At(32)),
            Acceptance::kStale);
  EXPECT_EQ(scheduler_.Result("b", Key(1), 2, Ended(), At(33)),
            Acceptance::kEnded);
}

TEST_F(SchedulerTest, AStalledTaskIsCancelledAndTriedAgain) {
  AddTask(1, {"r"}, "r/app");
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  std::vector<CancelTask> cancelled;
  for (double t = 10; t <= 1000; t += 10) {
    const uint64_t progress = t <= 100 ? static_cast<uint64_t>(t) : 100;
    const auto reply = Beat("a", {{Key(1), 1, progress}}, At(t));
    last_ = scheduler_.Poll(At(t));
    for (const CancelTask& one : Only<CancelTask>(last_)) {
      EXPECT_EQ(t, 1000);  // fifteen minutes after the last progress
      cancelled.push_back(one);
    }
    EXPECT_EQ(reply.lost.size(), 0u);
  }
  ASSERT_EQ(cancelled.size(), 1u);
  EXPECT_EQ(cancelled[0].worker, "a");
  EXPECT_EQ(cancelled[0].reason, "no sign of progress for 15m");
  // It may write until it is known to have stopped, or its lease is over.
  EXPECT_EQ(Dispatched(At(1002)), Names());
  EXPECT_EQ(Beat("a", {{Key(1), 1, 100}}, At(1003)).lost.size(), 1u);
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, TryAgain{"cancelled"}, At(1004)),
            Acceptance::kStale);
  EXPECT_EQ(Dispatched(At(1004)), (Names{"a:1"}));
}

TEST_F(SchedulerTest, NoTaskStallsAtAParkedRegistry) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  Dispatched(At(0));
  scheduler_.Throttled("r", absl::Hours(1), At(0));
  for (double t = 10; t <= 3600 + 890; t += 10) {
    Beat("a", {{Key(1), 1, 0}}, At(t));
    EXPECT_EQ(Only<CancelTask>(scheduler_.Poll(At(t))).size(), 0u);
  }
  EXPECT_EQ(Only<CancelTask>(scheduler_.Poll(At(4500))).size(), 1u);
}

// --- registries ---

TEST_F(SchedulerTest, ASilentRegistryIsProbedAndSetAside) {
  for (uint32_t i = 1; i <= 5; ++i) AddTask(i, {"dead"});
  AddTask(6, {"dead", "well"});
  AddTask(7, {"well"});
  scheduler_.Join("a", 9, At(0));
  EXPECT_EQ(Dispatched(At(0)).size(), 7u);
  for (uint32_t i = 1; i <= 5; ++i) {
    scheduler_.Result("a", Key(i), 1, Unreachable{"dead", "refused"}, At(0));
  }
  std::vector<SchedulerEffect> effects = scheduler_.Poll(At(0));
  EXPECT_EQ(Only<DispatchTask>(effects).size(), 0u);
  absl::Time now = At(0);
  while (Only<SetRegistryAside>(effects).empty()) {
    now = std::min(scheduler_.NextWake(), now + absl::Seconds(5));
    Beat("a", {{Key(6), 1, 0}, {Key(7), 1, 0}}, now);
    effects = scheduler_.Poll(now);
    const auto probes = Only<DispatchTask>(effects);
    ASSERT_LE(probes.size(), 1u);
    if (probes.empty()) continue;
    scheduler_.Result("a", probes[0].task, probes[0].attempt,
                      Unreachable{"dead", "refused"}, now);
    effects = scheduler_.Poll(now);
  }
  EXPECT_EQ(now, At(20));
  EXPECT_EQ(Only<SetRegistryAside>(effects)[0].reason,
            "no answer for 20s: refused");
  const auto cancelled = Only<CancelTask>(effects);
  ASSERT_EQ(cancelled.size(), 1u);
  EXPECT_EQ(cancelled[0].task, Key(6));
  EXPECT_EQ(scheduler_.tasks(), 1u);
  EXPECT_TRUE(scheduler_.IsSetAside("dead"));
  TaskSpec late;
  late.key = Key(8);
  late.registries = {"well", "dead"};
  EXPECT_FALSE(scheduler_.AddTask(late));
}

TEST_F(SchedulerTest, ARegistryThatAnswersAgainIsUsedAtOnce) {
  for (uint32_t i = 1; i <= 3; ++i) AddTask(i, {"r"});
  scheduler_.Join("a", 3, At(0));
  EXPECT_EQ(Dispatched(At(0)).size(), 3u);
  scheduler_.Result("a", Key(1), 1, Unreachable{"r", "reset"}, At(1));
  scheduler_.Result("a", Key(2), 1, Unreachable{"r", "reset"}, At(1));
  EXPECT_EQ(Dispatched(At(1)), Names());
  scheduler_.Answered("r");
  EXPECT_EQ(Dispatched(At(1)), (Names{"a:1", "a:2"}));
}

TEST_F(SchedulerTest, RefusedCredentialsSetTheRegistryAsideAtOnce) {
  AddTask(1, {"r"});
  AddTask(2, {"r"});
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, Refused{"r", "401"}, At(1)),
            Acceptance::kOpen);
  const auto effects = scheduler_.Poll(At(1));
  ASSERT_EQ(Only<SetRegistryAside>(effects).size(), 1u);
  EXPECT_EQ(Only<CancelTask>(effects).size(), 1u);
  EXPECT_EQ(scheduler_.tasks(), 0u);
}

TEST_F(SchedulerTest, ACancelledWritersRepositoryWaitsForItsEnd) {
  AddTask(1, {"source", "r"}, "r/app");
  AddTask(2, {"other", "r"}, "r/app");
  AddTask(3, {"source"});
  scheduler_.Join("a", 4, At(0));
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1", "a:3"}));
  scheduler_.Result("a", Key(3), 1, Refused{"source", "401"}, At(1));
  EXPECT_EQ(Dispatched(At(1)), Names());
  EXPECT_EQ(Only<CancelTask>(last_).size(), 1u);
  scheduler_.Result("a", Key(1), 1, HandedBack(), At(2));
  EXPECT_EQ(Dispatched(At(2)), (Names{"a:2"}));
}

// --- several runs ---

TEST_F(SchedulerTest, ARunThatIsHeldLeavesTheOthersTheirTurns) {
  AddTaskOf("one", 1, "r");
  AddTaskOf("two", 2, "r");
  scheduler_.Join("a", 2, At(0));
  scheduler_.Hold("one", true);
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:2"}));
  EXPECT_EQ(scheduler_.running("one"), 0u);
  EXPECT_EQ(scheduler_.running("two"), 1u);
  scheduler_.Hold("one", false);
  EXPECT_EQ(Dispatched(At(0)), (Names{"a:1"}));
}

TEST_F(SchedulerTest, TheLowerLimitOfTwoRunsCountsWhileBothLast) {
  scheduler_.AddRegistry("one", "r", {3, std::nullopt});
  for (uint32_t i = 1; i <= 3; ++i) AddTaskOf("one", i, "r");
  scheduler_.AddRegistry("two", "r", {2, std::nullopt});
  scheduler_.Join("a", 8, At(0));
  EXPECT_EQ(Dispatched(At(0)).size(), 2u);
  scheduler_.RemoveRun("two");
  EXPECT_EQ(Dispatched(At(0)).size(), 1u);
}

TEST_F(SchedulerTest, ALimitThatARunBringsHoldsForTheOthersAtOnce) {
  scheduler_.AddRegistry("one", "r", {8, std::nullopt});
  AddTaskOf("one", 1, "r");
  scheduler_.Join("a", 8, At(0));
  Dispatched(At(0));
  scheduler_.Want("a", "r", 1, 1, 8, 0);
  Dispatched(At(1));
  scheduler_.AddRegistry("two", "r",
                         {.max_connections = 2, .requests_per_second = 5});
  Dispatched(At(2));
  const auto grants = Only<GrantConnections>(last_);
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].connections, 2);
  EXPECT_TRUE(grants[0].rate_limited);
}

TEST_F(SchedulerTest, ARunThatIsRemovedIsCancelledAndTheOthersGoOn) {
  AddTaskOf("one", 1, "r");
  AddTaskOf("two", 2, "r");
  AddTaskOf("one", 3, "r");
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  scheduler_.RemoveRun("one");
  EXPECT_EQ(scheduler_.tasks(), 1u);
  EXPECT_EQ(scheduler_.tasks("one"), 0u);
  Dispatched(At(1));
  const auto cancels = Only<CancelTask>(last_);
  ASSERT_EQ(cancels.size(), 1u);
  EXPECT_EQ(cancels[0].task, (TaskKey{"one", 0, 1}));
  EXPECT_TRUE(scheduler_.HoldsLease("a", TaskKey{"two", 0, 2}, 1, At(1)));
}

// Workers may still have attempts of before: numbers are not given twice.
TEST_F(SchedulerTest, ARunThatComesBackHasAttemptsOfItsOwn) {
  AddTaskOf("one", 1, "r");
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  scheduler_.RemoveRun("one");
  AddTaskOf("one", 1, "r");
  Dispatched(At(1));
  const auto dispatches = Only<DispatchTask>(last_);
  ASSERT_EQ(dispatches.size(), 1u);
  EXPECT_EQ(dispatches[0].attempt, 2u);
  const TaskKey key{"one", 0, 1};
  scheduler_.Result("a", key, 1, HandedBack(), At(2));
  EXPECT_TRUE(scheduler_.HoldsLease("a", key, 2, At(2)));
}

TEST_F(SchedulerTest, LeasesOfARunThatIsOursAreRenewedBesideOneThatIsNot) {
  AddTaskOf("one", 1, "r");
  AddTaskOf("two", 2, "r");
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  const TaskKey one{"one", 0, 1}, two{"two", 0, 2};
  const auto reply =
      scheduler_.Heartbeat("a", {{one, 1, 1}, {two, 1, 1}}, At(10),
                           [](const std::string& run) { return run == "two"; });
  ASSERT_EQ(reply.renewed.size(), 1u);
  EXPECT_EQ(reply.renewed[0].task, two);
}

TEST_F(SchedulerTest, ANewRunTriesARegistryAgainThatWasSetAside) {
  AddTaskOf("one", 1, "r");
  scheduler_.Join("a", 2, At(0));
  Dispatched(At(0));
  scheduler_.Result("a", TaskKey{"one", 0, 1}, 1,
                    Scheduler::Refused{"r", "wrong password"}, At(1));
  Dispatched(At(1));
  EXPECT_TRUE(scheduler_.IsSetAside("r"));
  scheduler_.AddRegistry("two", "r", {});
  EXPECT_FALSE(scheduler_.IsSetAside("r"));
  AddTaskOf("two", 2, "r");
  EXPECT_EQ(Dispatched(At(2)), (Names{"a:2"}));
}

TEST_F(SchedulerTest, DropsWhatWaitsAndKeepsWhatRuns) {
  for (uint32_t i = 1; i <= 3; ++i) AddTask(i, {"r"}, "r/app");
  scheduler_.Join("a", 1, At(0));
  Dispatched(At(0));
  scheduler_.DropWaiting("run");
  EXPECT_EQ(scheduler_.tasks(), 1u);
  EXPECT_EQ(scheduler_.Result("a", Key(1), 1, Ended(), At(1)),
            Acceptance::kEnded);
  EXPECT_EQ(Dispatched(At(1)), Names());
}

TEST_F(SchedulerTest, TellsSinceWhenARegistryIsSilentAndWhatComesOfIt) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  scheduler_.Join("b", 1, At(0));
  Dispatched(At(0));
  const auto use = [this] { return scheduler_.Registries().front(); };
  EXPECT_EQ(use().silent_since, absl::InfiniteFuture());
  scheduler_.NoteSilent("a", "r", true, At(3));
  scheduler_.NoteSilent("a", "r", true, At(4));
  // One that has not asked says nothing about it.
  scheduler_.NoteSilent("b", "r", false, At(5));
  EXPECT_EQ(use().silent_since, At(3));
  EXPECT_EQ(use().set_aside_at, absl::InfiniteFuture());
  scheduler_.Result("a", Key(1), 1, Unreachable{"r", "no route"}, At(6));
  EXPECT_EQ(use().set_aside_at,
            At(6) + SchedulerOptions().first_contact_patience);
  scheduler_.Answered("r");
  EXPECT_EQ(use().silent_since, absl::InfiniteFuture());
  EXPECT_EQ(use().set_aside_at, absl::InfiniteFuture());
}

TEST_F(SchedulerTest, ALostWorkersSilenceIsForgotten) {
  AddTask(1, {"r"});
  scheduler_.Join("a", 1, At(0));
  scheduler_.NoteSilent("a", "r", true, At(3));
  scheduler_.Leave("a", true, At(4));
  EXPECT_EQ(scheduler_.Registries().front().silent_since,
            absl::InfiniteFuture());
}

TEST_F(SchedulerTest, CountsWhatTheRateHoldsBack) {
  scheduler_.AddRegistry("run", "slow", {.requests_per_second = 1});
  scheduler_.Join("a", 1, At(0));
  scheduler_.Want("a", "slow", 0, 0, 5, 5);
  scheduler_.Poll(At(0));
  EXPECT_EQ(scheduler_.Registries().front().waiting_for_rate, 4u);
}

}  // namespace
}  // namespace registry_manager
