// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_RUN_LOOP_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_RUN_LOOP_H_

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/fleet/fleet_socket.h"
#include "coordinator/fleet/local_workers.h"
#include "coordinator/journal/journal.h"
#include "coordinator/run/run.h"
#include "coordinator/run/run_listener.h"
#include "coordinator/run/task_account.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/server/blob_claims.h"
#include "coordinator/server/repository_locks.h"

namespace registry_manager {

// What a run loop stands on. All outlive it.
struct RunLoopParts {
  Run* run;
  Journal* journal;
  Scheduler* scheduler;
  FleetSocket* fleet;
  LocalWorkers* workers;
  RepositoryLocks* locks;
  RunListener* listener;
  proto::RunSettings settings;
  SchedulerOptions scheduler_options;
  // Readable when a signal waits (signalfd).
  int signal_fd;
  // How long nobody else takes the run over after the journal was renewed.
  absl::Duration ownership = absl::InfiniteDuration();
  // What is waited before the first task: workers of another coordinator may
  // still act.
  absl::Duration hold_off = absl::ZeroDuration();
};

// Carries a run to its end: takes messages from workers, journals results
// before it acknowledges them, tells the scheduler of events and carries its
// effects out. One thread.
class RunLoop {
 public:
  explicit RunLoop(RunLoopParts parts) : parts_(std::move(parts)) {}

  enum class End {
    // Every task has ended, or was set aside.
    kReachedEnd,
    // A signal; what was under way has ended or was given up.
    kInterrupted,
  };
  // Errors: the journal is lost for good, or another coordinator owns the run.
  absl::StatusOr<End> Run();

  // How the run stands, also after it has ended.
  proto::RunSnapshot Snapshot() const;

 private:
  struct Session {
    uint32_t pid = 0;
    uint64_t heartbeat = 0;
  };
  struct PendingAck {
    std::string session;
    uint64_t number;
  };
  struct Task {
    proto::Task operation;
    TaskSpec spec;
    TaskAccount account = {};
    // The latest dispatch.
    std::string session = "";
    uint32_t attempt = 0;
  };

  void ReadSignals(absl::Time now);
  void BeginDrain(absl::Time now);
  void ReapWorkers(absl::Time now);
  bool IsFlushed() const;
  bool MayDispatch(absl::Time now) const;
  absl::Status FlushJournal();
  absl::Status Renew();
  void NoteJournalAway(const absl::Status& status);
  absl::Status Housekeep(absl::Time now);
  bool IsDone(absl::Time now) const;
  int PollTimeout(absl::Time now) const;

  // --- run_loop_messages.cc ---

  void ReadMessages(absl::Time now);
  void Handle(const proto::Envelope& message, absl::Time now);
  void HandleHello(const std::string& session, const proto::Hello& hello,
                   absl::Time now);
  void HandleHeartbeat(const std::string& session,
                       const proto::Heartbeat& heartbeat, absl::Time now);
  void HandleResult(const std::string& session, const proto::Result& message,
                    absl::Time now);
  void HandleIntent(const std::string& session, const proto::IntentWrite& write,
                    absl::Time now);
  void HandleProgress(proto::Progress progress);
  void HandleBlobClaim(const std::string& session,
                       const proto::BlobClaim& claim, absl::Time now);
  void HandleBlobEnd(const std::string& session, const proto::BlobEnd& end,
                     absl::Time now);
  void SendTurns(const BlobClaims::Turns& turns);
  // Of those whose lease is over.
  void ReleaseBlobClaims(absl::Time now);
  void Acknowledge(const std::string& session, uint64_t number);
  // The attempt does not end the task: what it has done stands.
  void TellDone(const TaskKey& key, proto::TaskResult result);
  void EndTask(const TaskKey& key, proto::TaskResult result);
  void CancelDeletes(const std::string& registry);
  void RememberReferrersApi(const TaskSpec& spec,
                            const proto::TaskResult& result);
  void TellAnswered(const TaskSpec& spec, const proto::TaskResult& result,
                    absl::Time now);

  // --- run_loop_tasks.cc ---

  absl::Status Feed();
  void AddTasks(std::vector<class Run::Prepared> prepared);
  void RetryLocked();
  void Apply(const SchedulerEffect& effect, absl::Time now);
  void Dispatch(const DispatchTask& dispatch, absl::Time now);
  // With the intent that an earlier deletion in the repository left.
  absl::Status AddIntent(proto::DeleteRepository& deletion);
  void SetAside(const SetRegistryAside& effect, absl::Time now);
  void JournalSetbacks(const CountSetbacks& count);
  // Its worker may act until the lease is over.
  void UnlockLater(const std::string& repository, absl::Time now);
  void UnlockDue(absl::Time now);

  RunLoopParts parts_;
  std::map<std::string, Session> sessions_;
  absl::flat_hash_map<TaskKey, Task> tasks_;
  // Tasks whose repository another coordinator writes to.
  std::vector<class Run::Prepared> locked_out_;
  std::deque<std::pair<absl::Time, std::string>> unlocks_;
  Commit commit_;
  BlobClaims blob_claims_;
  // Registries that have listed referrers: every worker may rest on it.
  std::set<std::string> list_referrers_;
  // Tasks whose results are in `commit_`, and who waits to hear of it.
  absl::flat_hash_set<TaskKey> unflushed_;
  std::vector<PendingAck> acks_;
  bool feed_again_ = false;
  // Worker processes in a row that ended without a Hello.
  int exits_without_hello_ = 0;
  bool journal_away_ = false;
  bool draining_ = false;
  bool quick_ = false;
  absl::Time drain_deadline_ = absl::InfiniteFuture();
  absl::Time next_renewal_ = absl::InfinitePast();
  absl::Time begins_ = absl::InfinitePast();
  absl::Time owned_until_ = absl::InfinitePast();
  absl::Time next_progress_ = absl::InfinitePast();
  absl::Time next_flush_ = absl::InfinitePast();
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_RUN_LOOP_H_
