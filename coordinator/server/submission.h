// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_SUBMISSION_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_SUBMISSION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/config/config.h"
#include "coordinator/journal/journal.h"
#include "coordinator/records/record_view.h"
#include "coordinator/records/retention.h"
#include "coordinator/records/run_recorder.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/run/run.h"
#include "coordinator/run/work_stream.h"
#include "coordinator/server/active_run.h"

namespace registry_manager {

// The request of a submission.
struct SubmissionRequest {
  Config config;
  // The config's path, as it was typed.
  std::string config_path;
  RunOptions options;
  // Abandons an unfinished run instead of resuming it.
  bool fresh = false;
  // Every tag that is judged is recorded, with its reason.
  bool details = false;
  int retries = 3;
  // A finished run: only its failed actions are tried again.
  std::string retry_of;
  // The limits for what is kept of earlier runs.
  RunLimits keep;
  // Sentences that are shown once, at the beginning.
  std::vector<std::string> notices;
};

// The parts that a submission needs. All must outlive it.
struct SubmissionParts {
  // Absent for verbs that keep no run.
  std::optional<StateFolder> folder;
  Journal* journal;
  // Other coordinators may use the journal's server, too.
  bool is_journal_shared = false;
  RecordView* view;
};

// One config's run from its journal to its end: resumes what is unfinished or
// begins anew, records what happens, and closes the run. Used from one thread.
class Submission {
 public:
  Submission(SubmissionRequest request, SubmissionParts parts)
      : request_(std::move(request)), parts_(std::move(parts)) {}
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  // Owns the run that is to be carried out. InvalidArgument: the request cannot
  // be carried out as it is. Cancelled: a signal came. Others: the journal or
  // the state folder is of no use.
  absl::Status Open();

  const std::string& id() const { return id_; }
  // Registries have answered in the run before: they are known to be there.
  bool has_answers() const { return has_answers_; }
  // After Open(), for Server::Add(). `on_end` is called when the run has ended;
  // `lease` is how long workers of an earlier coordinator may act.
  ActiveRunParts Parts(absl::Duration lease, std::function<void()> on_end);

  // The run could not be carried out for a reason that is not its own (OK: it
  // was).
  void Fail(const absl::Status& why) {
    if (!why.ok()) end_ = why;
  }
  // After the end: closes the run in the journal and in the records. Returns
  // the complete snapshot, with its exit status. Errors: the run could not be
  // carried out or closed; its records say so, too.
  absl::StatusOr<proto::RunSnapshot> Conclude();

 private:
  // For a retry: reduces the streams to what failed.
  absl::Status Restrict();
  absl::Status OwnRun(const std::string& identity);
  absl::Status Own(const proto::RunRecord& record);
  absl::Status Abandon(const std::string& run, proto::RunRecord record);
  absl::Status BeginOrRestore();
  absl::Status Restore();
  // The run had come to its end before.
  absl::Status BeginAnew(const std::string& identity);
  absl::Status OpenRecords();
  proto::RunSnapshot Header() const;
  std::vector<std::pair<std::string, RegistryBudget>> Budgets() const;
  std::function<void(proto::Registry&)> AccessReader() const;
  absl::Status GiveUp(const absl::Status& why);
  // Bounds what earlier runs take on disk.
  std::vector<std::string> ForgetOld() const;
  void Note(std::string text) { request_.notices.push_back(std::move(text)); }
  bool AllDry() const;
  bool keeps_run() const { return parts_.folder.has_value(); }

  SubmissionRequest request_;
  const SubmissionParts parts_;
  // The path as it is shown and kept: it may not be UTF-8.
  std::string config_name_;
  // Notes that hold for the run, whenever it is looked at.
  std::vector<std::string> lasting_notes_;
  std::vector<WorkStream> streams_;
  std::string id_;
  std::optional<ProcessLock> process_lock_;
  bool resumed_ = false;
  // Workers of the coordinator that owned the run before.
  bool others_may_act_ = false;
  bool has_answers_ = false;
  absl::Time begun_ = absl::InfinitePast();
  std::unique_ptr<RunJournal> journal_;
  std::unique_ptr<class Run> run_;
  std::unique_ptr<RunRecorder> recorder_;
  absl::StatusOr<RunEnd> end_ = absl::InternalError("the run has not ended");
  proto::RunSnapshot last_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_SUBMISSION_H_
