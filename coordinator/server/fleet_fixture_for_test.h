// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_FLEET_FIXTURE_FOR_TEST_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_FLEET_FIXTURE_FOR_TEST_H_

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/fleet/fleet_socket.h"
#include "coordinator/fleet/local_workers.h"
#include "coordinator/run/run_fixture_for_test.h"
#include "coordinator/run/run_listener.h"

namespace registry_manager {

inline constexpr char kSession[] = "session";
inline constexpr char kWorker[] = "local-1";

// One worker at the other end of the socket, which does at once what it is
// told.
class WorkerForTest : public FleetSocket {
 public:
  WorkerForTest() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { SayHello(); }
  ~WorkerForTest() override { close(fd_); }

  // What becomes of a dispatched task; nothing: no result yet.
  std::function<std::optional<proto::TaskResult>(const proto::Task&)>
      carry_out = [](const proto::Task&) { return Done(); };
  // Told of everything that is sent to the worker.
  std::function<void(const proto::Envelope&)> on_sent =
      [](const proto::Envelope&) {};

  // The number of times that the server has looked for messages.
  int looks = 0;

  void Say(proto::Envelope message) {
    message.set_session(kSession);
    {
      // Hooks of the journal call this on a side thread.
      const std::lock_guard lock(mutex_);
      inbox_.push_back(std::move(message));
    }
    const uint64_t one = 1;
    EXPECT_EQ(write(fd_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  void SayHello(uint32_t slots = 4) {
    proto::Envelope message;
    message.mutable_hello()->set_slots(slots);
    message.mutable_hello()->set_worker(kWorker);
    Say(std::move(message));
  }
  // Not even a Hello.
  void StaySilent() {
    const std::lock_guard lock(mutex_);
    inbox_.clear();
  }
  void SayResult(const proto::Lease& lease, proto::TaskResult result,
                 uint64_t number) {
    *result.mutable_id() = lease.id();
    result.set_attempt(lease.attempt());
    proto::Envelope message;
    message.mutable_result()->set_number(number);
    *message.mutable_result()->mutable_result() = std::move(result);
    Say(std::move(message));
  }

  std::optional<proto::Envelope> Receive() override {
    ++looks;
    const std::lock_guard lock(mutex_);
    if (inbox_.empty()) {
      uint64_t count = 0;
      if (read(fd_, &count, sizeof count) < 0) return std::nullopt;
      return std::nullopt;
    }
    proto::Envelope message = std::move(inbox_.front());
    inbox_.pop_front();
    return message;
  }
  bool Send(const std::string&, proto::Envelope message) override {
    on_sent(message);
    if (message.has_dispatch()) {
      const proto::Task& task = message.dispatch().task();
      if (auto result = carry_out(task)) {
        SayResult(task.lease(), *std::move(result), ++results_);
      }
    }
    return true;
  }
  void Drop(const std::string&) override {}
  int fd() const override { return fd_; }

 private:
  const int fd_;
  std::mutex mutex_;
  std::deque<proto::Envelope> inbox_;
  uint64_t results_ = 0;
};

class ProcessesForTest : public LocalWorkers {
 public:
  std::vector<Exit> exits;
  bool ended_at_once = false;
  std::function<void()> on_restart = [] {};

  std::vector<Exit> Poll(absl::Time) override {
    if (!exits.empty()) on_restart();
    return std::exchange(exits, {});
  }
  void StopRestarting() override {}
  void EndAtOnce() override { ended_at_once = true; }
  int alive() const override { return 1; }
};

class ListenerForTest : public RunListener {
 public:
  Names ended, refused, notices, told;
  // Of the latest task that ended.
  proto::Counts counts;
  std::function<absl::Status()> on_commit = [] { return absl::OkStatus(); };
  // Called about once a second.
  std::function<void()> on_progress = [] {};
  std::function<void()> on_ended = [] {};
  proto::RunSnapshot latest;

  void OnActions(const Run::About&,
                 const google::protobuf::RepeatedPtrField<proto::Action>&
                     actions) override {
    for (const proto::Action& action : actions) {
      told.push_back(absl::StrCat(action.reference(), " ",
                                  proto::Action::Result_Name(action.result())));
    }
  }
  void OnEnded(const Run::About& about,
               const proto::TaskResult& result) override {
    OnActions(about, result.actions());
    counts = result.counts();
    ended.push_back(
        absl::StrCat(about.repository, " ",
                     proto::TaskResult::Outcome_Name(result.outcome())));
    on_ended();
  }
  void OnRefused(const Run::About& about, const std::string&,
                 Run::Refusal) override {
    refused.push_back(about.repository);
  }
  absl::Status OnCommit() override { return on_commit(); }
  void OnNotice(const std::string& text) override { notices.push_back(text); }
  void OnChange(const std::string& text) override { notices.push_back(text); }
  void OnProgress(const proto::RunSnapshot& snapshot) override {
    latest = snapshot;
    on_progress();
  }
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_FLEET_FIXTURE_FOR_TEST_H_
