// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SLOTS_EXECUTOR_H_
#define REGISTRY_MANAGER_WORKER_SLOTS_EXECUTOR_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "proto/fleet.pb.h"
#include "worker/slots/assignment.h"
#include "worker/slots/task_context.h"
#include "worker/slots/task_port.h"

namespace registry_manager {

// A result for a task that was not begun, or not ended.
proto::TaskResult HandedBack(const std::string& reason);

// The slots: threads that carry out tasks, in the order in which these come.
// Thread-safe.
class Executor {
 public:
  using Handler = std::function<proto::TaskResult(const proto::Task& task,
                                                  TaskContext& context)>;

  // `services` and `port` outlive it.
  Executor(int slots, Handler handler, WorkerServices* services,
           TaskPort* port);
  // Waits for the tasks under way: cancel them before.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Carries it out as soon as a slot is free, unless somebody else has claimed
  // it by then. The caller bounds how many wait.
  void Add(std::shared_ptr<Assignment> assignment,
           std::shared_ptr<const proto::RunSettings> settings);

  // Waits until no task is under way; false: some still are.
  bool WaitUntilIdle(absl::Duration patience);

 private:
  struct Item {
    std::shared_ptr<Assignment> assignment;
    std::shared_ptr<const proto::RunSettings> settings;
  };
  void RunSlot();
  void CarryOut(Item item);

  const Handler handler_;
  WorkerServices* const services_;
  TaskPort* const port_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  int busy_ = 0;
  bool ending_ = false;
  std::vector<std::thread> slots_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SLOTS_EXECUTOR_H_
