// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_RUN_JOURNAL_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_RUN_JOURNAL_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {

// A descriptor that is readable when a signal waits that is to end this process
// (or says that a child has ended); to be closed by the caller.
int SignalFd(bool children);

// The unfinished run of that identity, nullopt where there is none. Asks again
// while Redis reads its data. Cancelled: a signal came first.
absl::StatusOr<std::optional<std::string>> FindUnfinished(
    Journal& journal, const std::string& identity, bool log_json);

// Takes the run that has come to its end out of the journal. Tries for a while
// where the journal cannot be reached, until a signal comes.
absl::Status FinishRun(Journal& journal);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_RUN_JOURNAL_H_
