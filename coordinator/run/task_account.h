// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_TASK_ACCOUNT_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_TASK_ACCOUNT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "proto/task.pb.h"

namespace registry_manager {

// Keeps account of what the attempts of one task have done, so that each action
// and each tag of the task is counted once. Actions that an attempt has done
// stay counted when the task is tried again. The last attempt alone tells which
// actions failed and which tags were left as they were. A value type.
class TaskAccount {
 public:
  using Actions = google::protobuf::RepeatedPtrField<proto::Action>;

  // Actions sent ahead by an attempt. Leaves those that can be told already:
  // failures wait for the result, for the attempt may yet be tried again.
  void TakeAhead(uint32_t attempt, Actions& actions);
  // The result of an attempt that does not end the task. Leaves of its actions
  // those that stand; none where it comes again.
  void AddUnfinishedResult(proto::TaskResult& result);
  // The result that ends the task: its counts become those of the whole task.
  // One without an attempt gives it up: then what failed last stands.
  void Close(proto::TaskResult& result);

 private:
  enum class Kind {
    kTagCopied,
    kManifestCopied,
    kTagDeleted,
    kUntagged,
    kManifestDeleted
  };
  // Hashes of references.
  using Done = std::map<Kind, absl::flat_hash_set<uint64_t>>;

  // Absent: of an action that is counted by the last attempt alone.
  static std::optional<Kind> KindOf(const proto::Action& action);
  void BeginAttempt(uint32_t attempt);
  // Takes out what the attempt left as it was because an earlier one did it.
  void DropRepeated(Actions& actions);
  void ForgetInEarlier(const proto::Action& action);
  void AddEarlier(proto::Counts& counts) const;
  bool WasDone(const proto::Action& action) const;
  // Takes them out: what failed in the latest attempts, and was not done.
  std::vector<proto::Action> TakeStandingFailures();

  // The account of attempts that are tried again: the counts that no action
  // stands for, the tags that the latest of them saw, and the actions that are
  // done.
  proto::Counts spent_;
  uint64_t tags_ = 0;
  Done earlier_;
  // Attempts whose results were taken.
  absl::flat_hash_set<uint32_t> taken_;
  // The account of the latest attempt: the actions that it has done, those that
  // failed, and (`repeated_`) those that an earlier attempt had done already.
  uint32_t attempt_ = 0;
  Done done_;
  std::vector<proto::Action> failures_;
  // The failures of the attempt before it. They stand if no attempt ends the
  // task.
  std::vector<proto::Action> earlier_failures_;
  uint64_t repeated_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_TASK_ACCOUNT_H_
