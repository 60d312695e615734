// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_JOURNAL_WAITS_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_JOURNAL_WAITS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/journal/journal.h"
#include "coordinator/records/record_view.h"

namespace registry_manager {

// Steps of a run's life that wait for its journal.

// A descriptor that is readable when a signal waits that must end this process
// (or says that a child has ended). The caller closes it.
int SignalFd(bool children);

// The unfinished run of that identity; nullopt if there is none. Asks again
// while Redis reads its data, and says so. Cancelled: a signal came first.
absl::StatusOr<std::optional<std::string>> FindUnfinished(
    Journal& journal, const std::string& identity, RecordView& view);

// Takes the run that has come to its end out of the journal. Tries for a while
// if the journal cannot be reached, until a signal comes.
absl::Status FinishRun(RunJournal& journal);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_JOURNAL_WAITS_H_
