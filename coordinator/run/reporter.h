// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_REPORTER_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_REPORTER_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/run/display.h"
#include "coordinator/run/outcome_log.h"
#include "coordinator/run/run_listener.h"
#include "coordinator/run/screen.h"
#include "coordinator/run/state_folder.h"

namespace registry_manager {

struct ReporterOptions {
  // A line for every tag that is judged, with its reason.
  bool details = false;
  // The verb is `list`: images on standard output, nothing else.
  bool list = false;
  // Standard output is for programs: one JSON object a line (docs/json.md).
  bool json = false;
  // The same of what goes to standard error.
  bool log_json = false;
  // A display on a terminal, otherwise a line every few seconds, on standard
  // error.
  bool progress = true;
};

// Tells a person or a program, and the run's files, what happens: repositories
// with what was done in them on standard output, notices and progress on
// standard error, every action in outcomes.jsonl, the snapshot in
// snapshot.json.
class Reporter : public RunListener {
 public:
  // `folder` and `log`: absent for verbs that keep no run.
  Reporter(ReporterOptions options, std::optional<StateFolder> folder,
           std::optional<OutcomeLog> log);

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

  // Completes `snapshot` with what was told so far.
  void Complete(proto::RunSnapshot& snapshot) const;
  // One that an earlier coordinator of the run told.
  void RememberFailure(const OutcomeRecord& record);
  // What does not change while the run lasts.
  void SetHeader(const proto::RunSnapshot& header) { header_ = header; }
  // Ends the display: what is printed afterwards stands below the rest.
  void Flush();

 private:
  void NoticeNotes(const Run::About& about, const proto::TaskResult& result);
  void PrintHeadline(const Run::About& about, const proto::TaskResult& result);
  // Columns of a listing; what is wider is not cut.
  struct Widths {
    int reference = 0;
    int word = 0;
  };
  bool IsPrinted(const proto::Action& action) const;
  void PrintFailure(const std::string& line);
  void PrintAction(const proto::Action& action, const Widths& widths);
  // Whether standard output can still be written.
  void MindOutput();
  // Tells of registries that asked to be left alone for longer than a moment.
  void TellParked(const proto::RunSnapshot& snapshot, absl::Time now);
  void Save(const proto::RunSnapshot& complete);
  void Record(const Run::About& about, const proto::Action& action);
  // How a task ended as a whole.
  void RecordTask(const Run::About& about, const char* result,
                  const std::string& reason, const proto::TaskResult& took);
  void Write(const OutcomeRecord& record);
  static OutcomeRecord RecordOf(const Run::About& about);
  void PrintImage(const Run::About& about, const std::string& tag);
  // Unless standard output is for programs.
  void Print(const std::string& line);
  void Say(absl::string_view level, const std::string& text);
  void Fail(const OutcomeRecord& where, const std::string& reference,
            const std::string& reason);

  const ReporterOptions options_;
  const std::optional<StateFolder> folder_;
  std::optional<OutcomeLog> log_;
  proto::RunSnapshot header_;
  std::vector<proto::Failure> failures_;
  uint64_t failures_total_ = 0;
  std::set<std::string> told_;
  std::unique_ptr<Screen> screen_;
  Display display_;
  bool is_output_lost_ = false;
  absl::Time next_save_ = absl::InfinitePast();
  absl::Time next_line_;
  std::string last_line_;
  // Until when a registry was said to be parked.
  std::map<std::string, absl::Time> told_parked_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_REPORTER_H_
