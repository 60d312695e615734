// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_RECORD_VIEW_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_RECORD_VIEW_H_

#include <optional>
#include <string>
#include <vector>

#include "coordinator/records/outcome_log.h"
#include "proto/control.pb.h"

namespace registry_manager {

// The records that one task brings at once.
struct TaskRecords {
  std::vector<OutcomeRecord> actions;
  // The end of the task; absent while the task is under way.
  std::optional<OutcomeRecord> end;
  // The stream's policy only plans.
  bool dry_run = false;
  // The reason stops the whole stream, which has a notice of its own.
  bool has_notice = false;
};

// Shows people or programs what a run records, and how it stands. Must not
// block for long. Used from one thread.
class RecordView {
 public:
  virtual ~RecordView() = default;

  virtual void Show(const TaskRecords& records) = 0;
  // A sentence that is shown once, however often it comes.
  virtual void Notice(const std::string& text) = 0;
  // A sentence about something that changes back: it is shown each time.
  virtual void Change(const std::string& text) = 0;
  // The complete snapshot of the run, several times a second.
  virtual void Progress(const proto::RunSnapshot& snapshot) = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_RECORD_VIEW_H_
