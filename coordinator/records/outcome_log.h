// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_OUTCOME_LOG_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_OUTCOME_LOG_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/journal/task_place.h"
#include "proto/task.pb.h"

namespace registry_manager {

// One line of a run's outcomes.
struct OutcomeRecord {
  enum class Kind {
    // An action on one tag or manifest.
    kAction,
    // The end of a task on a repository; a large repository has several tasks.
    kRepository,
    // The reading of one page of a catalogue.
    kCatalogue,
  };
  Kind kind = Kind::kAction;
  // Shard and index; a page of a catalogue has none.
  std::optional<TaskPlace> task = std::nullopt;
  // Unix seconds.
  int64_t time = 0;
  // "delete", "sync".
  std::string policy;
  std::string registry;
  // Set for a sync only: the target's id.
  std::string target;
  std::string repository;
  // Set for a sync only: the repository's name on the target.
  std::string target_repository;
  // Set for an action only: "delete", "untag", "delete-manifest", "copy",
  // "copy-referrer", "keep", "not-selected".
  std::string action;
  // "done", "planned", "skipped", "failed".
  std::string result;
  // Set for an action only: a tag, or a digest if there is no tag.
  std::string reference;
  std::string digest;
  std::string reason;
  // Set for a repository or a catalogue only: the time that the task took.
  double seconds = 0;
  proto::Counts counts;
  // Remarks that are worth reading although nothing failed.
  std::vector<std::string> notes;
};

// A record as one JSON object, `type` ("action", "repository", "catalogue")
// and `version` first (docs/json.md). Text that is no UTF-8 is replaced.
std::string JsonLine(const OutcomeRecord& record);

// A run's outcomes.jsonl: appended to, never rewritten, one JSON object a line.
// A line that a crash cut short is left out when reading. What belongs together
// (a task's actions and how it ended) is appended between two flushes. Not
// thread-safe.
class OutcomeLog {
 public:
  // A file that is larger takes no more actions, but for those that failed:
  // what `retry` and a resumed run need is always written.
  static constexpr uint64_t kMaxActions = uint64_t{1} << 30;

  // Opens `file` (mode 0600) for appending.
  static absl::StatusOr<OutcomeLog> Open(const std::string& file);
  ~OutcomeLog();
  OutcomeLog(OutcomeLog&& other) noexcept;
  OutcomeLog& operator=(OutcomeLog&&) = delete;

  void Append(const OutcomeRecord& record);
  // True if actions were left out.
  bool is_cut() const { return is_cut_; }
  // Writes what was appended to the file.
  absl::Status Flush();

 private:
  explicit OutcomeLog(int fd) : fd_(fd) {}

  int fd_;
  uint64_t size_ = 0;
  bool is_cut_ = false;
  std::string buffer_;
};

// Calls `visit` for every record of `file`, in order. NotFound: no such file.
absl::Status ReadOutcomes(
    const std::string& file,
    const std::function<void(const OutcomeRecord&)>& visit);

// The same without what did not hold: a task that had ended when its
// coordinator was killed, but was not journalled yet, has ended twice. Of its
// first end there is left what was done.
absl::Status ReadFinalOutcomes(
    const std::string& file,
    const std::function<void(const OutcomeRecord&)>& visit);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_OUTCOME_LOG_H_
