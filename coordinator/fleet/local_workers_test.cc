// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/fleet/local_workers.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace registry_manager {
namespace {

// Processes offer no event to wait for across all these cases.
bool Eventually(const std::function<bool()>& condition,
                absl::Duration patience = absl::Seconds(10)) {
  const absl::Time deadline = absl::Now() + patience;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

bool IsAlive(pid_t pid) { return kill(pid, 0) == 0; }

class LocalWorkersTest : public testing::Test {
 protected:
  LocalWorkersTest() {
    char folder[] = "/tmp/workersXXXXXX";
    folder_ = mkdtemp(folder);
    options_.endpoint = "ipc:///tmp/x";
    options_.program = absl::StrCat(folder_, "/worker");
    options_.log_file = absl::StrCat(folder_, "/log");
  }
  ~LocalWorkersTest() override { std::filesystem::remove_all(folder_); }

  // Each line that it writes is a line of the log.
  void WriteProgram(const std::string& script) {
    std::ofstream(options_.program) << "#!/bin/sh\n" << script << "\n";
    chmod(options_.program.c_str(), 0700);
  }
  std::vector<std::string> Log() const {
    std::ifstream file(options_.log_file);
    std::stringstream text;
    text << file.rdbuf();
    return absl::StrSplit(text.str(), '\n', absl::SkipEmpty());
  }
  bool AwaitLines(size_t lines) const {
    return Eventually([&] { return Log().size() >= lines; });
  }
  // The last line is the process id of a shell that becomes `sleep`: waits for
  // that.
  std::string AwaitSleeper() const {
    const std::string process = absl::StrCat("/proc/", Log().back());
    EXPECT_TRUE(Eventually([&] {
      std::ifstream file(process + "/comm");
      std::string name;
      return std::getline(file, name) && name == "sleep";
    }));
    return process;
  }

  std::string folder_;
  LocalWorkersOptions options_;
};

std::set<std::string> OpenFiles(const std::string& process) {
  std::set<std::string> files;
  for (const auto& file :
       std::filesystem::directory_iterator(process + "/fd")) {
    files.insert(file.path().filename());
  }
  return files;
}

TEST_F(LocalWorkersTest, StartsWithArgumentsAndNothingElse) {
  WriteProgram(
      "echo \"$@\"; echo \"${RM_REDIS_URL-unset}\"; echo $$; exec sleep 100");
  setenv("RM_REDIS_URL", "redis://:secret@host", 1);
  options_.slots = 3;
  options_.verbosity = 2;
  const int left_open = open("/dev/null", O_RDONLY);

  const auto workers = LocalWorkers::Start(options_);
  close(left_open);
  unsetenv("RM_REDIS_URL");

  ASSERT_TRUE(workers.ok()) << workers.status();
  ASSERT_TRUE(AwaitLines(3));
  const std::vector<std::string> log = Log();
  EXPECT_EQ(log[0],
            "--connect ipc:///tmp/x --slots 3 --drain-seconds 3 -v -v "
            "--name local-1");
  EXPECT_EQ(log[1], "unset");
  const std::string process = AwaitSleeper();
  // While a program loads its libraries, it holds one of them open; a file that
  // it was started with stays open.
  EXPECT_TRUE(Eventually([&] {
    return OpenFiles(process) == std::set<std::string>{"0", "1", "2"};
  })) << absl::StrJoin(OpenFiles(process), " ");
  EXPECT_EQ(std::filesystem::read_symlink(process + "/fd/0"), "/dev/null");
  const pid_t pid = std::stoi(log[2]);
  EXPECT_EQ(getpgid(pid), pid);
}

TEST_F(LocalWorkersTest, KillOfTheParentEndsTheChildren) {
  WriteProgram("echo $$; exec sleep 100");
  options_.workers = 2;
  const pid_t parent = fork();
  if (parent == 0) {
    const auto workers = LocalWorkers::Start(options_);
    while (workers.ok()) pause();
    _exit(1);
  }
  ASSERT_TRUE(AwaitLines(2));
  const std::vector<std::string> pids = Log();

  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);

  for (const std::string& pid : pids) {
    EXPECT_TRUE(Eventually([&] {
      // Orphans may stay as zombies where nobody reaps them.
      std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
      std::string text;
      std::getline(stat, text);
      return text.empty() || absl::StrContains(text, ") Z ");
    })) << pid;
  }
}

TEST_F(LocalWorkersTest, StartsAgainWithBackOffAndSaysHowItEnded) {
  WriteProgram("echo $$; exit 3");
  const auto workers = LocalWorkers::Start(options_);
  ASSERT_TRUE(workers.ok());
  absl::Time now = absl::Now();
  std::vector<LocalWorkers::Exit> exits;
  ASSERT_TRUE(Eventually([&] {
    exits = (*workers)->Poll(now);
    return !exits.empty();
  }));
  EXPECT_EQ(exits[0].how, "exited with status 3");
  EXPECT_EQ((*workers)->alive(), 0);

  (*workers)->Poll(now + absl::Milliseconds(199));
  EXPECT_EQ((*workers)->alive(), 0);
  now += absl::Milliseconds(200);
  (*workers)->Poll(now);
  EXPECT_EQ((*workers)->alive(), 1);

  ASSERT_TRUE(Eventually([&] { return !(*workers)->Poll(now).empty(); }));
  (*workers)->Poll(now + absl::Milliseconds(399));
  EXPECT_EQ((*workers)->alive(), 0);
  (*workers)->Poll(now + absl::Milliseconds(400));
  EXPECT_EQ((*workers)->alive(), 1);
}

TEST_F(LocalWorkersTest, KilledWorkerIsNamedWithItsSignal) {
  WriteProgram("echo $$; exec sleep 100");
  const auto workers = LocalWorkers::Start(options_);
  ASSERT_TRUE(AwaitLines(1));
  const pid_t pid = std::stoi(Log()[0]);
  kill(pid, SIGKILL);
  std::vector<LocalWorkers::Exit> exits;
  ASSERT_TRUE(Eventually([&] {
    exits = (*workers)->Poll(absl::InfinitePast());
    return !exits.empty();
  }));
  EXPECT_EQ(exits[0].pid, pid);
  EXPECT_EQ(exits[0].worker, "local-1");
  EXPECT_EQ(exits[0].how, "was ended by signal 9 (Killed)");
}

TEST_F(LocalWorkersTest, NothingIsStartedAgainOnceToldSo) {
  WriteProgram("exit 0");
  const auto workers = LocalWorkers::Start(options_);
  (*workers)->StopRestarting();
  ASSERT_TRUE(
      Eventually([&] { return !(*workers)->Poll(absl::Now()).empty(); }));
  (*workers)->Poll(absl::InfiniteFuture());
  EXPECT_EQ((*workers)->alive(), 0);
}

TEST_F(LocalWorkersTest, HungChildIsKilledAfterFiveSeconds) {
  WriteProgram("trap '' TERM; echo $$; while :; do sleep 1; done");
  auto workers = LocalWorkers::Start(options_);
  ASSERT_TRUE(AwaitLines(1));
  const pid_t pid = std::stoi(Log()[0]);
  const absl::Time before = absl::Now();

  workers->reset();

  EXPECT_GE(absl::Now() - before, absl::Seconds(4.9));
  EXPECT_LT(absl::Now() - before, absl::Seconds(8));
  EXPECT_FALSE(IsAlive(pid));
}

TEST_F(LocalWorkersTest, WorkerThatObeysEndsAtOnce) {
  WriteProgram("echo $$; exec sleep 100");
  auto workers = LocalWorkers::Start(options_);
  ASSERT_TRUE(AwaitLines(1));
  const absl::Time before = absl::Now();
  workers->reset();
  EXPECT_LT(absl::Now() - before, absl::Seconds(3));
}

TEST_F(LocalWorkersTest, ToldToEndAtOnceAWorkerGetsASecondSignal) {
  WriteProgram(
      "trap '' TERM; trap 'echo second; exit 0' INT; echo $$;"
      "while :; do sleep 0.01; done");
  auto workers = LocalWorkers::Start(options_);
  ASSERT_TRUE(AwaitLines(1));

  (*workers)->EndAtOnce();
  ASSERT_TRUE(AwaitLines(2));
  workers->reset();

  EXPECT_EQ(Log()[1], "second");
}

TEST_F(LocalWorkersTest, WhatDoesNotEndAtOnceIsKilledSoon) {
  WriteProgram("trap '' TERM INT; echo $$; while :; do sleep 1; done");
  auto workers = LocalWorkers::Start(options_);
  ASSERT_TRUE(AwaitLines(1));
  const pid_t pid = std::stoi(Log()[0]);
  const absl::Time before = absl::Now();

  (*workers)->EndAtOnce();
  workers->reset();

  // Well below what one may take that is to drain.
  EXPECT_LT(absl::Now() - before, absl::Seconds(3));
  EXPECT_FALSE(IsAlive(pid));
}

TEST_F(LocalWorkersTest, BlockedSignalsOfTheParentReachTheChild) {
  sigset_t blocked, old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  WriteProgram("echo $$; exec sleep 100");
  const auto workers = LocalWorkers::Start(options_);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  ASSERT_TRUE(AwaitLines(1));
  std::ifstream status(AwaitSleeper() + "/status");
  std::stringstream text;
  text << status.rdbuf();
  EXPECT_TRUE(absl::StrContains(text.str(), "SigBlk:\t0000000000000000\n"))
      << text.str();
}

TEST_F(LocalWorkersTest, ProgramThatCannotRunIsNamed) {
  const absl::Status status = LocalWorkers::Start(options_).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_TRUE(absl::StrContains(status.message(), options_.program));
}

TEST_F(LocalWorkersTest, ProgramIsFoundOnPath) {
  WriteProgram("exit 0");
  const std::string old = getenv("PATH");
  setenv("PATH", folder_.c_str(), 1);
  const auto found = FindWorkerProgram();
  setenv("PATH", "/nowhere", 1);
  const auto missing = FindWorkerProgram();
  setenv("PATH", old.c_str(), 1);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, options_.program);
  EXPECT_TRUE(absl::StrContains(missing.status().message(), "/nowhere/worker"));
}

}  // namespace
}  // namespace registry_manager
