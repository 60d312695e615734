// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_RUN_RECORDER_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_RUN_RECORDER_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/records/failure_list.h"
#include "coordinator/records/outcome_log.h"
#include "coordinator/records/record_view.h"
#include "coordinator/records/state_folder.h"
#include "coordinator/run/run_listener.h"

namespace registry_manager {

// Keeps what has to outlive the process: every action and the end of every task
// in outcomes.jsonl, and the run's snapshot in snapshot.json. A view is shown
// the same. Used from one thread.
class RunRecorder : public RunListener {
 public:
  // `folder` and `log` are absent for verbs that keep no run. `view` outlives
  // this object.
  RunRecorder(std::optional<StateFolder> folder, std::optional<OutcomeLog> log,
              RecordView* view);

  void OnActions(const Run::About& about,
                 const google::protobuf::RepeatedPtrField<proto::Action>&
                     actions) override;
  void OnEnded(const Run::About& about,
               const proto::TaskResult& result) override;
  void OnRefused(const Run::About& about, const std::string& reason,
                 Run::Refusal why) override;
  absl::Status OnCommit() override;
  void OnNotice(const std::string& text) override;
  void OnChange(const std::string& text) override;
  void OnProgress(const proto::RunSnapshot& snapshot) override;

  // Completes `snapshot` with the header and the failures.
  void Complete(proto::RunSnapshot& snapshot) const;
  // The failures so far, to which those of earlier coordinators are added.
  FailureList& failures() { return failures_; }
  // Sets the fields that do not change while the run lasts.
  void SetHeader(const proto::RunSnapshot& header) { header_ = header; }
  // Writes what is held back to the file.
  void Flush();

 private:
  std::vector<OutcomeRecord> RecordActions(
      const Run::About& about,
      const google::protobuf::RepeatedPtrField<proto::Action>& actions);
  void Save(const proto::RunSnapshot& complete);
  void Write(const OutcomeRecord& record);

  const std::optional<StateFolder> folder_;
  std::optional<OutcomeLog> log_;
  RecordView* const view_;
  proto::RunSnapshot header_;
  FailureList failures_;
  absl::Time next_save_ = absl::InfinitePast();
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_RUN_RECORDER_H_
