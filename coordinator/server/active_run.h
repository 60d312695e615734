// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_ACTIVE_RUN_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_ACTIVE_RUN_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/journal/journal.h"
#include "coordinator/run/run.h"
#include "coordinator/run/run_listener.h"
#include "coordinator/run/task_account.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/server/fleet_desk.h"
#include "coordinator/server/repository_locks.h"
#include "coordinator/server/side_thread.h"

namespace registry_manager {

enum class RunEnd {
  // Every task has ended, or was set aside.
  kReachedEnd,
  // Interrupted; the tasks under way have ended or were given up.
  kInterrupted,
};

// The parts that one run needs. All must outlive the run.
struct ActiveRunParts {
  Run* run;
  RunJournal* journal;
  RunListener* listener;
  // The settings that workers get, without credentials and certificates.
  proto::RunSettings settings;
  // Fills in credentials and certificates of a registry of `settings`; called
  // on a side thread, before the settings are sent and whenever credentials are
  // refused. Empty: the settings are complete. Must not refer to the run.
  std::function<void(proto::Registry&)> read_access;
  // The budget that the run allows at each of its registries, in the order of
  // the config.
  std::vector<std::pair<std::string, RegistryBudget>> registries;
  // The time for which nobody else takes the run over after the journal was
  // renewed.
  absl::Duration ownership = absl::InfiniteDuration();
  // Delay before the first dispatch: workers of the previous coordinator may
  // still hold leases.
  absl::Duration hold_off = absl::ZeroDuration();
  // Told once how the run ended, and how it stood then. Errors: its journal is
  // lost for good, or another coordinator owns it.
  std::function<void(const absl::StatusOr<RunEnd>& end,
                     proto::RunSnapshot last)>
      on_end;
};

// The parts that all runs of a server share. All must outlive the runs.
struct SharedParts {
  Scheduler* scheduler;
  FleetDesk* desk;
  // nullptr if no run writes to a registry.
  RepositoryLocks* locks;
  // For writes to journals, and for files and helpers that hold credentials.
  SideThread* journal_thread;
  SideThread* access_thread;
};

// A run that is being carried out: hands its tasks to the scheduler and to
// workers, and journals their results before it acknowledges them. Used from
// the server's thread; `now` is the server's clock.
class ActiveRun {
 public:
  ActiveRun(ActiveRunParts parts, SharedParts shared, absl::Time now);
  ActiveRun(const ActiveRun&) = delete;
  ActiveRun& operator=(const ActiveRun&) = delete;

  const std::string& id() const { return parts_.run->id(); }
  RunListener& listener() const { return *parts_.listener; }
  bool IsOurs(absl::Time now) const { return now < owned_until_; }

  // --- steps of the server's loop ---

  // Journals results, prepares the next tasks, renews the ownership.
  absl::Status Advance(absl::Time now);
  absl::Time NextWake(absl::Time now) const;
  // Nothing new is begun; tasks under way are waited for, for a while.
  void Interrupt(absl::Time now);
  // Nothing is waited for any more.
  void StopWaiting() { quick_ = true; }
  bool IsDone(absl::Time now) const;
  // Gives up what is still under way, and tells `on_end`.
  void End(const absl::StatusOr<RunEnd>& end, absl::Time now);
  RunEnd HowItEnded() const {
    return draining_ ? RunEnd::kInterrupted : RunEnd::kReachedEnd;
  }

  // --- messages of workers (active_run_results.cc) ---

  void HandleProgress(proto::Progress progress);
  void HandleResult(const std::string& session, const proto::Result& message,
                    absl::Time now);
  void HandleIntent(const std::string& session, const proto::IntentWrite& write,
                    absl::Time now);

  // --- access to registries (active_run_access.cc) ---

  // Only a worker that has a task of the run is answered.
  void HandleSettingsRequest(const std::string& session);
  void HandleCredentialsRequest(const std::string& session,
                                const proto::CredentialsRequest& request);

  // --- effects of the scheduler ---

  void Dispatch(const DispatchTask& dispatch, absl::Time now);
  void GiveUp(const GiveUpTask& effect, absl::Time now);
  void SetAside(const SetRegistryAside& effect, absl::Time now);
  // If this write is lost, the task may get a few extra attempts. Nothing else
  // depends on it.
  void JournalFailures(const RecordFailures& count);

 private:
  struct PendingAck {
    std::string session;
    uint64_t number;
  };
  // Changes that are written together.
  struct Batch {
    Commit commit;
    // Tasks whose results are in `commit`, and who waits to hear of it.
    absl::flat_hash_set<TaskKey> tasks;
    std::vector<PendingAck> acks;

    bool has_records() const {
      return !commit.shards.empty() || !commit.listings.empty();
    }
    bool empty() const {
      return commit.outcomes.empty() && acks.empty() && !has_records();
    }
  };
  struct Task {
    proto::Task operation;
    TaskSpec spec;
    TaskAccount account = {};
    // The latest dispatch.
    std::string session = "";
    uint32_t attempt = 0;
  };

  bool IsFlushed() const { return written_.empty() && next_.empty(); }
  bool MayDispatch(absl::Time now) const;
  bool MayPrepare() const;
  absl::Status PrepareNext(absl::Time now);
  void Housekeep(absl::Time now);

  // --- the journal (active_run_journal.cc) ---

  // Begins to write what has changed, unless a write is under way.
  absl::Status Flush(absl::Time now);
  void WriteBatch();
  // `is_probe`: the journal is back if this succeeds.
  void Renew(bool is_probe, absl::Time now);
  // `done` is not called any more once this run has ended.
  void Post(SideThread& thread, SideThread::Work work, SideThread::Done done);
  // Takes the end of a write. True if it succeeded; the run ends by any error
  // but Unavailable.
  bool HasWritten(const absl::Status& status, absl::Time now);
  void NoteJournalAway(const absl::Status& status, absl::Time now);
  void NoteJournalBack();
  void AnswerIntent(const std::string& session, uint64_t number, bool accepted);

  void AddTasks(std::vector<Run::Prepared> prepared);
  void RetryLocked();
  // With the intent that an earlier deletion in the repository left.
  absl::Status AddIntent(proto::DeleteRepository& deletion);
  // Its worker may act until the lease is over.
  void UnlockLater(TaskSpec& spec, absl::Time now);
  proto::RunSnapshot Snapshot(absl::Time now) const;

  // --- active_run_access.cc ---

  // A request for a registry's credentials that waits for them.
  using CredentialsCall = std::pair<std::string, uint64_t>;
  bool HasTaskOf(const std::string& session) const;
  void ReadAllAccess();
  void SendSettings(const std::string& session);
  void ReadAccessAgain(const std::string& registry);
  proto::Registry* FindRegistry(const std::string& id);

  // --- active_run_results.cc ---

  // The attempt does not end the task: what it has done stands.
  void ReportPartialResult(const TaskKey& key, proto::TaskResult result);
  void EndTask(const TaskKey& key, proto::TaskResult result);
  // They are handed back, and skipped when they would be sent again.
  void CancelDeletes(const std::string& registry);
  void NoteAnswers(const TaskSpec& spec, const proto::TaskResult& result);

  const ActiveRunParts parts_;
  const SharedParts shared_;
  // The settings with credentials and certificates, once these were read.
  proto::RunSettings settings_;
  bool is_access_read_ = false;
  // Sessions that wait until it is. While anybody waits, it is being read.
  std::set<std::string> await_settings_;
  std::map<std::string, std::set<CredentialsCall>> await_credentials_;
  absl::flat_hash_map<TaskKey, Task> tasks_;
  // Tasks whose repository another coordinator writes to.
  std::vector<Run::Prepared> locked_out_;
  // The changes since the last write began.
  Batch next_;
  // The changes whose write is under way, or has to be repeated.
  Batch written_;
  bool is_writing_ = false;
  bool is_renewing_ = false;
  // `journal_away_`, for the side thread.
  std::atomic<bool> is_away_ = false;
  // The questions of workers whose intents are being written.
  std::set<std::pair<std::string, uint64_t>> intents_under_way_;
  // Counts of attempts whose write is under way.
  int setbacks_ = 0;
  // A write failed for good.
  absl::Status failure_;
  // Expires with this run.
  std::shared_ptr<const bool> is_here_ = std::make_shared<const bool>(true);
  bool prepare_again_ = false;
  bool journal_away_ = false;
  bool draining_ = false;
  bool quick_ = false;
  absl::Time drain_deadline_ = absl::InfiniteFuture();
  absl::Time next_renewal_ = absl::InfinitePast();
  absl::Time begins_;
  absl::Time owned_until_;
  absl::Time next_progress_ = absl::InfinitePast();
  absl::Time next_flush_ = absl::InfinitePast();
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_ACTIVE_RUN_H_
