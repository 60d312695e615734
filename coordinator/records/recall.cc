// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/recall.h"

#include "coordinator/records/outcome_log.h"

namespace registry_manager {

absl::Status Recall(const std::string& outcomes_file, Run& run,
                    FailureList& failures) {
  return ReadFinalOutcomes(outcomes_file, [&](const OutcomeRecord& record) {
    if (!record.task) return;
    const auto& [shard, index] = *record.task;
    if (!run.IsJournalled(shard, index)) return;
    if (record.kind == OutcomeRecord::Kind::kRepository) {
      run.RememberCounts(shard, record.counts);
    }
    if (record.result == "failed") failures.Add(record);
  });
}

}  // namespace registry_manager
