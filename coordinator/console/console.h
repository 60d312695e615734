// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CONSOLE_CONSOLE_H_
#define REGISTRY_MANAGER_COORDINATOR_CONSOLE_CONSOLE_H_

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "coordinator/console/display.h"
#include "coordinator/console/screen.h"
#include "coordinator/records/record_view.h"

namespace registry_manager {

struct ConsoleOptions {
  // A line for every tag that is judged, with its reason.
  bool details = false;
  // The verb is `list`: images on standard output, nothing else.
  bool list = false;
  // Standard output is for programs: one JSON object a line (docs/json.md).
  bool json = false;
  // Standard error is for programs, too.
  bool log_json = false;
  // A display on a terminal, otherwise a line every few seconds, on standard
  // error.
  bool progress = true;
  // The run is kept: it goes on even if nobody reads standard output.
  bool keeps_run = true;
};

// Shows a run to the person or the program that started it: repositories with
// their actions on standard output, notices and progress on standard error.
class Console : public RecordView {
 public:
  explicit Console(ConsoleOptions options);

  void Show(const TaskRecords& records) override;
  void Notice(const std::string& text) override;
  void Change(const std::string& text) override;
  void Progress(const proto::RunSnapshot& snapshot) override;

  // Ends the display: what is printed afterwards stands below the rest.
  void Clear();

 private:
  // Columns of a listing; what is wider is not cut.
  struct Widths {
    int reference = 0;
    int word = 0;
  };
  void ShowImages(const TaskRecords& records);
  void ShowForProgram(const TaskRecords& records);
  void ShowForPerson(const TaskRecords& records);
  void NoticeNotes(const OutcomeRecord& end);
  void PrintHeadline(const OutcomeRecord& end);
  void PrintActions(const std::vector<OutcomeRecord>& actions);
  void PrintAction(const OutcomeRecord& action, const Widths& widths);
  bool IsPrinted(const OutcomeRecord& action) const;
  void PrintFailure(const std::string& line);
  void Say(absl::string_view level, const std::string& text);
  // Ends a run that only prints if standard output can no longer be written.
  void StopIfOutputFails();
  // Tells of registries that asked to be left alone for longer than a moment.
  void TellParked(const proto::RunSnapshot& snapshot, absl::Time now);
  // Tells of registries that give no answer, and tells it again every minute.
  void TellSilent(const proto::RunSnapshot& snapshot, absl::Time now);

  const ConsoleOptions options_;
  std::set<std::string> told_;
  std::unique_ptr<Screen> screen_;
  Display display_;
  bool is_output_lost_ = false;
  absl::Time next_line_;
  std::string last_line_;
  // Until when a registry was said to be parked.
  std::map<std::string, absl::Time> told_parked_;
  // When a silent registry is told of again.
  std::map<std::string, absl::Time> next_silence_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CONSOLE_CONSOLE_H_
