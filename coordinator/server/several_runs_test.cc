// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// One server that carries several runs at once.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/run/run_fixture_for_test.h"
#include "coordinator/server/fleet_fixture_for_test.h"
#include "coordinator/server/server.h"

namespace registry_manager {
namespace {

using Kind = WorkStream::Kind;

// A run with a journal of its own, that is carried out any number of times.
struct RunForTest {
  RunForTest(const std::string& run_id, const std::string& registry,
             const Names& names, int connections)
      : id(run_id),
        streams({Naming(StreamFor(Kind::kDelete, registry), names)}),
        journal(run_id),
        budgets({{registry, RegistryBudget{connections, std::nullopt}}}) {}

  // Parts of a run that begins, or goes on from the journal.
  ActiveRunParts Parts() {
    const bool resumes = run != nullptr;
    run = std::make_unique<Run>(id, streams);
    Commit commit;
    if (resumes) {
      EXPECT_TRUE(run->Restore(journal, *journal.Read(), commit).ok());
    } else {
      run->Begin(commit);
    }
    EXPECT_TRUE(journal.Write(commit).ok());
    proto::RunSettings settings;
    settings.set_run(id);
    return {run.get(),
            &journal,
            &listener,
            settings,
            {},
            budgets,
            absl::InfiniteDuration(),
            absl::ZeroDuration(),
            [this](const absl::StatusOr<RunEnd>& end, proto::RunSnapshot) {
              ends.push_back(end);
              if (on_end) std::exchange(on_end, nullptr)();
            }};
  }

  const std::string id;
  const std::vector<WorkStream> streams;
  JournalForTest journal;
  ListenerForTest listener;
  const std::vector<std::pair<std::string, RegistryBudget>> budgets;
  std::unique_ptr<Run> run;
  std::vector<absl::StatusOr<RunEnd>> ends;
  std::function<void()> on_end;
};

class SeveralRunsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/runs-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    absl::StatusOr<RepositoryLocks> locks = RepositoryLocks::Open(folder);
    ASSERT_TRUE(locks.ok());
    locks_.emplace(*std::move(locks));
    ASSERT_EQ(pipe2(signals_, O_NONBLOCK | O_CLOEXEC), 0);
    server_.emplace(ServerParts{&scheduler_, options_, &worker_, &processes_,
                                &*locks_, signals_[0]});
    worker_.StaySilent();
    worker_.SayHello(/*slots=*/16);
    // Tasks stay under way until FinishOne().
    worker_.carry_out = [this](const proto::Task& task) {
      under_way_.push_back(task.lease());
      most_[RegistryOf(task)] =
          std::max(most_[RegistryOf(task)], ++now_at_[RegistryOf(task)]);
      registry_of_[task.lease().id().SerializeAsString()] = RegistryOf(task);
      return std::optional<proto::TaskResult>();
    };
  }
  void TearDown() override {
    close(signals_[0]);
    close(signals_[1]);
  }

  static std::string RegistryOf(const proto::Task& task) {
    return task.delete_repository().registry();
  }
  size_t UnderWay(const std::string& run) const {
    return std::count_if(
        under_way_.begin(), under_way_.end(),
        [&](const proto::Lease& one) { return one.id().run() == run; });
  }
  void FinishOne() {
    if (under_way_.empty()) return;
    const proto::Lease lease = under_way_.front();
    under_way_.pop_front();
    --now_at_[registry_of_[lease.id().SerializeAsString()]];
    worker_.SayResult(lease, Done(), ++results_);
  }

  int signals_[2] = {-1, -1};
  SchedulerOptions options_;
  Scheduler scheduler_{options_};
  WorkerForTest worker_;
  ProcessesForTest processes_;
  std::optional<RepositoryLocks> locks_;
  std::optional<Server> server_;
  std::deque<proto::Lease> under_way_;
  uint64_t results_ = 0;
  // Tasks under way at a registry, and the most there were.
  std::map<std::string, int> now_at_, most_;
  std::map<std::string, std::string> registry_of_;
};

Names SomeNames(const std::string& prefix, int count) {
  Names names;
  for (int i = 0; i < count; ++i) names.push_back(absl::StrCat(prefix, i));
  return names;
}

// "NAME DONE" of each, in the order of the names.
Names AllDone(Names names) {
  for (std::string& name : names) name += " DONE";
  return names;
}

Names Sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(SeveralRunsTest, OneIsInterruptedAndResumedWhileTheOthersGoOn) {
  const Names x = SomeNames("x", 14), y = SomeNames("y", 6),
              z = SomeNames("z", 24);
  RunForTest one("RUN1", kA, x, 4), two("RUN2", kA, y, 2),
      three("RUN3", kB, z, 8);
  int steps = 0;
  bool interrupted = false;
  three.listener.on_progress = [&] {
    FinishOne();
    if (++steps < 3 || interrupted || UnderWay("RUN2") == 0) return;
    interrupted = true;
    EXPECT_TRUE(server_->Interrupt("RUN2"));
  };
  one.listener.on_progress = two.listener.on_progress = [this] { FinishOne(); };
  two.on_end = [&] {
    EXPECT_FALSE(one.run->Finished());
    EXPECT_FALSE(three.run->Finished());
    server_->Add(two.Parts());
  };
  server_->Add(one.Parts());
  server_->Add(two.Parts());
  server_->Add(three.Parts());
  ASSERT_TRUE(server_->Run().ok());

  ASSERT_EQ(two.ends.size(), 2u);
  EXPECT_EQ(*two.ends[0], RunEnd::kInterrupted);
  EXPECT_EQ(*two.ends[1], RunEnd::kReachedEnd);
  EXPECT_EQ(*one.ends.at(0), RunEnd::kReachedEnd);
  EXPECT_EQ(*three.ends.at(0), RunEnd::kReachedEnd);
  // Each task once, in the run that has it.
  EXPECT_EQ(Sorted(one.listener.ended), Sorted(AllDone(x)));
  EXPECT_EQ(Sorted(two.listener.ended), Sorted(AllDone(y)));
  EXPECT_EQ(Sorted(three.listener.ended), Sorted(AllDone(z)));
}

TEST_F(SeveralRunsTest, TheLowerLimitOfARegistryCountsForAllOfThem) {
  RunForTest one("RUN1", kA, SomeNames("x", 5), 4),
      two("RUN2", kA, SomeNames("y", 9), 2);
  int granted = 0;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (!message.has_grant()) return;
    granted = std::max<int>(granted, message.grant().connections());
  };
  one.listener.on_progress = two.listener.on_progress = [this] { FinishOne(); };
  // It has fewer tasks: the other one is there as long as it is.
  one.on_end = [&] { EXPECT_TRUE(two.ends.empty()); };
  server_->Add(one.Parts());
  server_->Add(two.Parts());
  ASSERT_TRUE(server_->Run().ok());
  EXPECT_EQ(most_[kA], 2);
  EXPECT_EQ(granted, 2);
}

TEST_F(SeveralRunsTest, OneWhoseJournalIsAwayDoesNotHoldUpTheOthers) {
  RunForTest one("RUN1", kA, {"x", "y"}, 4), two("RUN2", kA, {"z"}, 4);
  worker_.carry_out = [](const proto::Task&) { return Done(); };
  ActiveRunParts parts = one.Parts();
  one.journal.failing_writes = 1 << 30;
  two.on_end = [&] {
    EXPECT_TRUE(one.ends.empty());
    one.journal.failing_writes = 0;
  };
  server_->Add(std::move(parts));
  server_->Add(two.Parts());
  ASSERT_TRUE(server_->Run().ok());
  EXPECT_EQ(*one.ends.at(0), RunEnd::kReachedEnd);
  EXPECT_EQ(*two.ends.at(0), RunEnd::kReachedEnd);
}

TEST_F(SeveralRunsTest, OneThatAnotherCoordinatorOwnsEndsAlone) {
  RunForTest one("RUN1", kA, {"x"}, 4), two("RUN2", kB, {"z"}, 4);
  one.listener.on_progress = [&] {
    EXPECT_TRUE(one.journal.Release().ok());
    FinishOne();
  };
  two.listener.on_progress = [this] { FinishOne(); };
  server_->Add(one.Parts());
  server_->Add(two.Parts());
  ASSERT_TRUE(server_->Run().ok());
  ASSERT_EQ(one.ends.size(), 1u);
  EXPECT_FALSE(one.ends[0].ok());
  EXPECT_EQ(*two.ends.at(0), RunEnd::kReachedEnd);
}

TEST_F(SeveralRunsTest, AWorkerGetsTheSettingsOfRunsWhoseTasksItHas) {
  RunForTest one("RUN1", kA, {"x"}, 4), two("RUN2", kA, {"z"}, 4);
  Names settings;
  const auto ask = [this](const char* run) {
    proto::Envelope question;
    question.mutable_settings_request()->set_run(run);
    worker_.Say(question);
  };
  // It has no task yet.
  ask("RUN1");
  int dispatched = 0;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (message.has_settings()) {
      settings.push_back(message.settings().settings().run());
    }
    if (message.has_dispatch() && ++dispatched == 2) {
      for (const char* run : {"RUN2", "RUN9", "RUN1"}) ask(run);
    }
  };
  one.listener.on_progress = two.listener.on_progress = [&] {
    if (settings.size() >= 2) FinishOne();
  };
  server_->Add(one.Parts());
  server_->Add(two.Parts());
  ASSERT_TRUE(server_->Run().ok());
  EXPECT_EQ(settings, Names({"RUN2", "RUN1"}));
}

TEST_F(SeveralRunsTest, AResultOfARunThatIsOverIsAcknowledged) {
  RunForTest one("RUN1", kA, {"x"}, 4);
  Names acknowledged;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (message.has_result_ack()) {
      acknowledged.push_back(absl::StrCat(message.result_ack().number()));
    }
  };
  proto::Lease lease;
  lease.mutable_id()->set_run("GONE");
  lease.set_attempt(1);
  worker_.SayResult(lease, Done(), ++results_);
  one.listener.on_progress = [this] { FinishOne(); };
  server_->Add(one.Parts());
  ASSERT_TRUE(server_->Run().ok());
  EXPECT_EQ(acknowledged, Names({"1", "2"}));
}

}  // namespace
}  // namespace registry_manager
