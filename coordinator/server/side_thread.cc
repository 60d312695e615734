// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/side_thread.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace registry_manager {

SideThread::SideThread()
    : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { CarryOut(); }) {}

SideThread::~SideThread() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    while (posted_.size() > (is_busy_ ? 1 : 0)) posted_.pop_back();
  }
  changed_.notify_all();
  thread_.join();
  close(fd_);
}

void SideThread::Post(Work work, Done done) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back({std::move(work), std::move(done)});
  }
  changed_.notify_all();
}

void SideThread::CarryOut() {
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !posted_.empty() || is_ending_; });
      if (posted_.empty()) return;
      work = std::move(posted_.front().work);
      is_busy_ = true;
    }
    absl::Status status = work();
    {
      const std::lock_guard lock(mutex_);
      ended_.push_back({std::move(status), std::move(posted_.front().done)});
      posted_.pop_front();
      is_busy_ = false;
    }
    changed_.notify_all();
    eventfd_write(fd_, 1);
  }
}

void SideThread::Deliver(absl::Time now) {
  eventfd_t count = 0;
  eventfd_read(fd_, &count);
  std::vector<Ended> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (const Ended& one : ended) one.done(one.status, now);
}

void SideThread::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return posted_.empty(); });
}

}  // namespace registry_manager
