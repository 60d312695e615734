// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/journal_writer.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace registry_manager {

JournalWriter::JournalWriter()
    : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { CarryOut(); }) {}

JournalWriter::~JournalWriter() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  close(fd_);
}

void JournalWriter::Post(Write write, Done done) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back({std::move(write), std::move(done)});
  }
  changed_.notify_all();
}

void JournalWriter::CarryOut() {
  while (true) {
    Write write;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !posted_.empty() || is_ending_; });
      if (posted_.empty()) return;
      write = std::move(posted_.front().write);
    }
    absl::Status status = write();
    {
      const std::lock_guard lock(mutex_);
      ended_.push_back({std::move(status), std::move(posted_.front().done)});
      posted_.pop_front();
    }
    changed_.notify_all();
    eventfd_write(fd_, 1);
  }
}

void JournalWriter::Deliver(absl::Time now) {
  eventfd_t count = 0;
  eventfd_read(fd_, &count);
  std::vector<Ended> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (const Ended& one : ended) one.done(one.status, now);
}

void JournalWriter::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return posted_.empty(); });
}

}  // namespace registry_manager
