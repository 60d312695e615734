// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_SERVER_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_SERVER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/fleet/fleet_socket.h"
#include "coordinator/fleet/local_workers.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/server/active_run.h"
#include "coordinator/server/fleet_desk.h"
#include "coordinator/server/repository_locks.h"
#include "coordinator/server/side_thread.h"
#include "proto/fleet.pb.h"

namespace registry_manager {

// The parts that a server needs. All must outlive it.
struct ServerParts {
  // The scheduler must not have tasks of its own yet.
  Scheduler* scheduler;
  SchedulerOptions scheduler_options;
  FleetSocket* fleet;
  LocalWorkers* workers;
  // nullptr if no run writes to a registry.
  RepositoryLocks* locks;
  // Readable when a signal waits (signalfd).
  int signal_fd;
};

// Carries runs out, any number of them at once: they share the workers, the
// registries' budgets, the turns to send a blob, and the locks of repositories.
// A run that fails ends alone. One thread, and
// two side threads for all that may block.
class Server {
 public:
  explicit Server(ServerParts parts);

  // Begins to carry a run out. Its id is no other's here. May be called from
  // an `on_end`.
  void Add(ActiveRunParts run);
  // Begins to end a run; its `on_end` is told later. False: it is not here.
  bool Interrupt(const std::string& run);

  // Carries the runs to their ends. The first signal interrupts all of them,
  // the second ends them at once. Error: no worker process comes up, which has
  // ended every run.
  absl::Status Run();

 private:
  void ReadSignals(absl::Time now);
  void ReapWorkers(absl::Time now);
  void ReadMessages(absl::Time now);
  void Handle(const proto::Envelope& message, absl::Time now);
  void HandleOfRun(const proto::Envelope& message, absl::Time now);
  void AdvanceRuns(absl::Time now);
  void Apply(const SchedulerEffect& effect, absl::Time now);
  void EndRuns(absl::Time now);
  void EndRun(const std::string& run, const absl::StatusOr<RunEnd>& end,
              absl::Time now);
  int PollTimeout(absl::Time now) const;
  // nullptr: it is not here (any more).
  ActiveRun* Find(const std::string& run);

  const ServerParts parts_;
  FleetDesk desk_;
  SideThread journal_thread_;
  SideThread access_thread_;
  std::map<std::string, std::unique_ptr<ActiveRun>> runs_;
  bool draining_ = false;
  bool more_messages_ = false;
  absl::Time next_release_ = absl::InfinitePast();
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_SERVER_H_
