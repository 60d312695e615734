// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_WORKER_H_
#define REGISTRY_MANAGER_WORKER_WORKER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/wire/sockets.h"
#include "worker/grants/clock.h"
#include "worker/grants/grant_pool.h"
#include "worker/session/action_queue.h"
#include "worker/session/mailbox.h"
#include "worker/session/session.h"
#include "worker/slots/executor.h"

namespace registry_manager {

struct WorkerOptions {
  // ipc://PATH of the coordinator.
  std::string endpoint;
  // For people: which worker this is.
  std::string name;
  int slots = 4;
  // The time that running tasks may take after the first Stop().
  absl::Duration drain = absl::Seconds(30);
  // A signalfd: each signal is a Stop(). -1: none.
  int signal_fd = -1;
};

// The worker: one session after another, the socket, and the slots. The thread
// that calls Run() is the session's.
class Worker : public TaskPort {
 public:
  // All but `options` outlive it; `grants` wakes `mailbox` with its changes.
  Worker(WorkerOptions options, const Clock* clock, Mailbox* mailbox,
         GrantPool* grants, WorkerServices* services,
         Executor::Handler handler);
  // Waits for the tasks under way.
  ~Worker() override;

  // Serves the coordinator until Stop(), a Drain, or a Reject, which is an
  // error. Tasks that have been cancelled may be under way still.
  absl::Status Run();

  // The first call drains, the second is quick. Thread-safe.
  void Stop();

  // Waits until no task is under way; false: some still are. Thread-safe.
  bool WaitUntilIdle(absl::Duration patience) {
    return executor_.WaitUntilIdle(patience);
  }

  absl::Status WriteIntent(const std::shared_ptr<Assignment>& assignment,
                           const std::string& registry,
                           const std::string& repository,
                           const proto::Intent* intent) override;
  absl::StatusOr<BlobLedger::Turn> ClaimBlob(
      const std::shared_ptr<Assignment>& assignment,
      const BlobPlace& place) override;
  void EndBlob(const std::shared_ptr<Assignment>& assignment,
               const BlobPlace& place,
               proto::BlobEnd::Outcome outcome) override;
  void SendActions(const std::shared_ptr<Assignment>& assignment,
                   const std::vector<proto::Action>& actions) override;
  void Finished(const std::shared_ptr<Assignment>& assignment,
                proto::TaskResult result) override;

 private:
  enum class End { kStopped, kRejected, kOver };

  // Looks a registry's credentials up again, at the coordinator. Blocks.
  absl::StatusOr<RegistryCredentials> AskForCredentials(
      const std::string& run, const std::string& registry);
  absl::Status BeginSession(absl::Duration begin);
  End Serve();
  void ReceiveAll();
  void ReadSignals();
  void HandleStop();
  // True: nothing is left to do, or no time for it.
  bool HasStopped();
  void Wait(absl::Duration until) const;

  const WorkerOptions options_;
  const Clock* const clock_;
  Mailbox* const mailbox_;
  GrantPool* const grants_;
  ActionQueue actions_;
  uint64_t epoch_ = 0;

  // Once stopping: when running tasks are cancelled, and when their results
  // are not waited for any more.
  std::optional<absl::Duration> cancel_at_;
  std::optional<absl::Duration> give_up_at_;

  Executor executor_;
  std::unique_ptr<DealerSocket> socket_;
  std::unique_ptr<Session> session_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_WORKER_H_
