// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_OUTCOME_LOG_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_OUTCOME_LOG_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// One line of a run's outcomes: an action, or a repository that failed as a
// whole (no reference).
struct OutcomeRecord {
  // Unix seconds.
  int64_t time = 0;
  // "delete", "sync".
  std::string policy;
  std::string registry;
  std::string repository;
  // "delete", "untag", "delete-manifest", "copy", "copy-referrer", "keep",
  // "task".
  std::string action;
  // "done", "planned", "skipped", "failed".
  std::string result;
  std::string reference;
  std::string digest;
  std::string reason;
};

// A run's outcomes.jsonl: appended to, never rewritten, one JSON object a line.
// A line that a crash cut short is left out when reading. Not thread-safe.
class OutcomeLog {
 public:
  // Opens `file` (mode 0600) for appending.
  static absl::StatusOr<OutcomeLog> Open(const std::string& file);
  ~OutcomeLog();
  OutcomeLog(OutcomeLog&& other) noexcept;
  OutcomeLog& operator=(OutcomeLog&&) = delete;

  void Append(const OutcomeRecord& record);
  // Writes what was appended to the file.
  absl::Status Flush();

 private:
  explicit OutcomeLog(int fd) : fd_(fd) {}

  int fd_;
  std::string buffer_;
};

// Calls `visit` for every record of `file`, in order. NotFound: no such file.
absl::Status ReadOutcomes(
    const std::string& file,
    const std::function<void(const OutcomeRecord&)>& visit);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_OUTCOME_LOG_H_
