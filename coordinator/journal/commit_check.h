// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_COMMIT_CHECK_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_COMMIT_CHECK_H_

#include "absl/status/status.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {

// The largest record that is written, and the largest that is read back.
inline constexpr int kMaxRecordBytes = 64 << 20;
// The tasks of one shard: an index above would make Redis fill a bitmap.
inline constexpr uint32_t kMaxShardTasks = 1 << 20;

// InvalidArgument for a commit that no journal takes: counts that are not
// parallel to the outcomes (none at all are welcome), a pending outcome, an
// index or a record beyond the limits.
absl::Status CheckCommit(const Commit& commit);

// The error for a commit that names a shard which is neither in the journal nor
// in the commit itself.
absl::Status UnknownShardError(uint32_t shard);

// The error for a call that needs a run if Own() has given none, or if the run
// was given up.
absl::Status NotOwnedError();

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_COMMIT_CHECK_H_
