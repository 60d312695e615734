// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/slots/executor.h"

#include <chrono>
#include <utility>

#include "worker/slots/fleet_blob_ledger.h"

namespace registry_manager {

proto::TaskResult HandedBack(const std::string& reason) {
  proto::TaskResult result;
  result.set_outcome(proto::TaskResult::FAILED);
  result.mutable_problem()->set_kind(proto::Problem::CANCELLED);
  result.mutable_problem()->set_message(reason);
  return result;
}

Executor::Executor(int slots, Handler handler, WorkerServices* services,
                   TaskPort* port)
    : handler_(std::move(handler)), services_(services), port_(port) {
  for (int i = 0; i < slots; ++i) {
    slots_.emplace_back([this] { RunSlot(); });
  }
}

Executor::~Executor() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& slot : slots_) slot.join();
}

void Executor::Add(std::shared_ptr<Assignment> assignment,
                   std::shared_ptr<const proto::RunSettings> settings) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back({std::move(assignment), std::move(settings)});
  }
  changed_.notify_all();
}

bool Executor::WaitUntilIdle(absl::Duration patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, absl::ToChronoNanoseconds(patience),
                           [this] { return busy_ == 0; });
}

void Executor::RunSlot() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    if (!item.assignment->Claim()) continue;
    ++busy_;
    lock.unlock();
    CarryOut(std::move(item));
    lock.lock();
    --busy_;
    if (busy_ == 0) changed_.notify_all();
  }
}

void Executor::CarryOut(Item item) {
  const std::shared_ptr<Assignment>& assignment = item.assignment;
  TaskContext context;
  context.services = services_;
  context.settings = std::move(item.settings);
  context.scope = &assignment->scope();
  FleetBlobLedger blobs(&services_->blobs(), port_, assignment);
  context.blobs = &blobs;
  context.write_intent = [&](const std::string& registry,
                             const std::string& repository,
                             const proto::Intent* intent) {
    return port_->WriteIntent(assignment, registry, repository, intent);
  };
  context.report = [&](const proto::Counts& counts) {
    assignment->Report(counts);
  };
  context.send_actions = [&](const std::vector<proto::Action>& actions) {
    port_->SendActions(assignment, actions);
  };
  const auto begun = std::chrono::steady_clock::now();
  const proto::Task& task = assignment->task();
  services_->RememberReferrersApi(
      {task.list_referrers().begin(), task.list_referrers().end()});
  const absl::Status status = assignment->cancellation().status();
  proto::TaskResult result = status.ok()
                                 ? handler_(task, context)
                                 : HandedBack(std::string(status.message()));
  result.set_duration_ms(std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::steady_clock::now() - begun)
                             .count());
  for (std::string& registry : services_->WithReferrersApi()) {
    *result.add_list_referrers() = std::move(registry);
  }
  port_->Finished(assignment, std::move(result));
}

}  // namespace registry_manager
