// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_FLEET_LOCAL_WORKERS_H_
#define REGISTRY_MANAGER_COORDINATOR_FLEET_LOCAL_WORKERS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace registry_manager {

struct LocalWorkersOptions {
  // ipc://PATH to connect to.
  std::string endpoint;
  // The path of the `worker` program; empty: FindWorkerProgram().
  std::string program;
  int workers = 1;
  int slots = 4;
  // The file that receives the standard error of every worker; empty: the
  // coordinator's own standard error receives it.
  std::string log_file;
  int verbosity = 0;
  // The workers write their messages as JSON lines.
  bool log_json = false;
  // The folder in which workers keep the manifests that they read; empty: they
  // keep none.
  std::string cache_folder = {};
};

// The path of the `worker` program: beside this program, then ../worker/worker
// from it (Bazel's output tree), then on PATH. NotFound says where was looked.
absl::StatusOr<std::string> FindWorkerProgram();

// Worker processes on this machine. Each ends with this process, also when that
// is killed with -9 (PR_SET_PDEATHSIG); one that ends by itself is started
// again, with back-off. Used from one thread, which must live as long as this
// object (the kernel sends the signal when the thread that forked ends). Each
// is in a process group of its own, so that Ctrl-C at the terminal does not
// reach it. A worker gets this process's environment without RM_REDIS_URL and
// what is withheld (common/process/environment.h).
class LocalWorkers {
 public:
  static absl::StatusOr<std::unique_ptr<LocalWorkers>> Start(
      LocalWorkersOptions options);
  // Ends all of them: SIGTERM, then SIGKILL after five seconds. (A worker
  // drains for less than that.)
  virtual ~LocalWorkers() = default;

  // Reaps and starts again. Returns the processes that ended since the last
  // call: the worker's id, as its Hello names it, and how it ended (a
  // sentence). Call when SIGCHLD came or every second.
  struct Exit {
    std::string worker;
    int pid;
    std::string how;
  };
  virtual std::vector<Exit> Poll(absl::Time now) = 0;
  // No more is started again.
  virtual void StopRestarting() = 0;
  // Tells all to end without draining; those that have not within half a second
  // are killed when this object goes.
  virtual void EndAtOnce() = 0;
  virtual int alive() const = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_FLEET_LOCAL_WORKERS_H_
