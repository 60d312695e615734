// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_SERVER_PROCESS_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_SERVER_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace registry_manager {

// One redis-server on the data of one folder. It ends with the *thread* that
// spawned it (PR_SET_PDEATHSIG), also where the whole process is killed with
// -9, and sees no Ctrl-C of a terminal. Not thread-safe.
//
// In the folder: redis.conf and redis.log, both written anew at each start;
// appendonlydir/, the data; alive, locked by the server for as long as it
// lives, so that no second one ever runs on the same data.
class RedisServerProcess {
 public:
  struct Options {
    // An existing folder with mode 0700.
    std::string folder;
    std::string socket;
    // Lines for redis.conf, which win over the usual ones.
    std::vector<std::string> settings;
  };

  // Waits for a server that is just ending. Returns once the new one is
  // spawned; it takes a moment to answer. NotFound: redis-server is not
  // installed.
  static absl::StatusOr<std::unique_ptr<RedisServerProcess>> Spawn(
      const Options& options);
  // Ends it, and waits for that.
  ~RedisServerProcess();
  RedisServerProcess(const RedisServerProcess&) = delete;
  RedisServerProcess& operator=(const RedisServerProcess&) = delete;

  bool Running();
  // Explains why the server ended by itself: its last message, and what to do.
  absl::Status WhyEnded() const;

  pid_t pid() const { return pid_; }

 private:
  RedisServerProcess(pid_t pid, std::string folder)
      : pid_(pid), folder_(std::move(folder)) {}

  const pid_t pid_;
  const std::string folder_;
  bool running_ = true;
  int wait_status_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_SERVER_PROCESS_H_
