// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/commit_check.h"

#include "absl/strings/str_cat.h"

namespace registry_manager {

absl::Status CheckCommit(const Commit& commit) {
  if (!commit.counts.empty() &&
      commit.counts.size() != commit.outcomes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a commit holds ", commit.outcomes.size(),
                     " outcomes and ", commit.counts.size(), " counts"));
  }
  for (const Outcome& outcome : commit.outcomes) {
    if (outcome.state == TaskState::kPending ||
        outcome.index >= kMaxShardTasks) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a commit holds no outcome, or an index above ", kMaxShardTasks - 1,
          ", for task ", outcome.index, " of shard ", outcome.shard));
    }
  }
  for (const auto& [number, shard] : commit.shards) {
    if (shard.ByteSizeLong() > kMaxRecordBytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "shard ", number, " is larger than ", kMaxRecordBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status UnknownShardError(uint32_t shard) {
  return absl::InvalidArgumentError(absl::StrCat(
      "a commit holds an outcome of shard ", shard,
      ", which is not in the journal: shards are written before their "
      "outcomes, or with them"));
}

absl::Status NotOwnedError() {
  return absl::FailedPreconditionError(
      "the journal owns no run: Own() comes first");
}

}  // namespace registry_manager
