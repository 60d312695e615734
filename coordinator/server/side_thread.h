// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_SIDE_THREAD_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_SIDE_THREAD_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace registry_manager {

// Carries out work that may block on a thread of its own, one piece after the
// other: a slow Redis must not keep the server from its workers' heartbeats.
// All methods belong to the server's thread.
class SideThread {
 public:
  using Work = std::function<absl::Status()>;
  // `now` is what Deliver() was given.
  using Done = std::function<void(const absl::Status&, absl::Time now)>;

  SideThread();
  // Drops what has not begun; nobody is told of the rest.
  ~SideThread();
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;

  // `work` runs on the side thread, `done` in Deliver().
  void Post(Work work, Done done);
  // Readable when work has ended that was not delivered.
  int fd() const { return fd_; }
  // Tells how the work that has ended came out, in the order in which it was
  // posted.
  void Deliver(absl::Time now);
  // Returns when everything that was posted has been carried out.
  void Wait();

 private:
  struct Posted {
    Work work;
    Done done;
  };
  struct Ended {
    absl::Status status;
    Done done;
  };

  void CarryOut();

  const int fd_;
  // Guards all below but the thread.
  std::mutex mutex_;
  std::condition_variable changed_;
  // The first is under way if `is_busy_`.
  std::deque<Posted> posted_;
  std::vector<Ended> ended_;
  bool is_busy_ = false;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_SIDE_THREAD_H_
