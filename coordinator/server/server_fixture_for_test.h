// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_SERVER_FIXTURE_FOR_TEST_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_SERVER_FIXTURE_FOR_TEST_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "coordinator/run/run_fixture_for_test.h"
#include "coordinator/server/fleet_fixture_for_test.h"
#include "coordinator/server/server.h"

namespace registry_manager {

// A server that carries one run, with everything around it.

using Kind = WorkStream::Kind;

// testing::Test has a Run of its own.
using RunOfTasks = Run;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/loop-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    absl::StatusOr<RepositoryLocks> locks = RepositoryLocks::Open(folder);
    ASSERT_TRUE(locks.ok());
    locks_.emplace(*std::move(locks));
    absl::StatusOr<RepositoryLocks> others = RepositoryLocks::Open(folder);
    ASSERT_TRUE(others.ok());
    others_.emplace(*std::move(others));
    ASSERT_EQ(pipe2(signals_, O_NONBLOCK | O_CLOEXEC), 0);
  }
  void TearDown() override {
    close(signals_[0]);
    close(signals_[1]);
  }

  void Signal() {
    signalfd_siginfo info = {};
    info.ssi_signo = SIGINT;
    EXPECT_EQ(write(signals_[1], &info, sizeof info),
              static_cast<ssize_t>(sizeof info));
  }

  absl::StatusOr<RunEnd> Carry(std::vector<WorkStream> streams) {
    run_ = std::make_unique<RunOfTasks>("RUN1", std::move(streams));
    Commit commit;
    run_->Begin(commit);
    EXPECT_TRUE(journal_.Write(commit).ok());
    Scheduler scheduler(options_);
    Server server(
        {&scheduler, options_, &worker_, &processes_, &*locks_, signals_[0]});
    absl::StatusOr<RunEnd> ended = absl::InternalError("it has not ended");
    server.Add({run_.get(),
                &journal_,
                &listener_,
                settings_,
                read_access_,
                {{kA, RegistryBudget()}, {kB, RegistryBudget()}},
                ownership_,
                hold_off_,
                [&](const absl::StatusOr<RunEnd>& end, proto::RunSnapshot) {
                  ended = end;
                }});
    server.Run().IgnoreError();
    return ended;
  }

  SchedulerOptions options_;
  proto::RunSettings settings_;
  std::function<void(proto::Registry&)> read_access_;
  absl::Duration ownership_ = absl::InfiniteDuration();
  absl::Duration hold_off_;
  JournalForTest journal_;
  WorkerForTest worker_;
  ProcessesForTest processes_;
  ListenerForTest listener_;
  std::optional<RepositoryLocks> locks_;
  // Another coordinator's.
  std::optional<RepositoryLocks> others_;
  int signals_[2] = {-1, -1};
  std::unique_ptr<RunOfTasks> run_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_SERVER_FIXTURE_FOR_TEST_H_
