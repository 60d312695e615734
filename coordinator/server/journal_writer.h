// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_JOURNAL_WRITER_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_JOURNAL_WRITER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace registry_manager {

// Carries out the writes to journals on a thread of its own, one after the
// other, so that a slow Redis does not keep the server from its workers'
// heartbeats. All methods belong to the server's thread.
class JournalWriter {
 public:
  using Write = std::function<absl::Status()>;
  // `now` is what Deliver() was given.
  using Done = std::function<void(const absl::Status&, absl::Time now)>;

  JournalWriter();
  // Carries out what was posted; nobody is told how it ended.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // `write` runs on the writer's thread, `done` in Deliver().
  void Post(Write write, Done done);
  // Readable when a write has ended that was not delivered.
  int fd() const { return fd_; }
  // Tells how the writes that have ended came out, in the order in which they
  // were posted.
  void Deliver(absl::Time now);
  // Returns when everything that was posted has been carried out.
  void Wait();

 private:
  struct Posted {
    Write write;
    Done done;
  };
  struct Ended {
    absl::Status status;
    Done done;
  };

  void CarryOut();

  const int fd_;
  // Guards the three below.
  std::mutex mutex_;
  std::condition_variable changed_;
  // The first is under way.
  std::deque<Posted> posted_;
  std::vector<Ended> ended_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_JOURNAL_WRITER_H_
