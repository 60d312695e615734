// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace registry_manager {

Mailbox::Mailbox() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Mailbox::~Mailbox() { close(fd_); }

void Mailbox::Post(std::function<void()> work) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(work));
  }
  Wake();
}

void Mailbox::Wake() { eventfd_write(fd_, 1); }

void Mailbox::RunAll() {
  eventfd_t count = 0;
  eventfd_read(fd_, &count);
  std::vector<std::function<void()>> posted;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted.swap(posted_);
  }
  for (const std::function<void()>& work : posted) work();
}

}  // namespace registry_manager
