// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SESSION_MAILBOX_H_
#define REGISTRY_MANAGER_WORKER_SESSION_MAILBOX_H_

#include <functional>
#include <mutex>
#include <vector>

namespace registry_manager {

// Lets other threads have something done on the session's thread. That thread
// does not look for such work all the time: its poll(2) wakes. Thread-safe.
class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Work is done in the order in which it was posted.
  void Post(std::function<void()> work);
  // Wakes the session's thread, so that it looks at what has changed.
  void Wake();

  // On the session's thread: does what was posted. To be called after each
  // wake-up; what is posted from then on wakes again.
  void RunAll();
  // Readable while there is something to do.
  int fd() const { return fd_; }

 private:
  const int fd_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SESSION_MAILBOX_H_
