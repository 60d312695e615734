// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_OUTCOME_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_OUTCOME_H_

#include <mutex>
#include <string>
#include <vector>

#include "common/registry/copy/blob_copier.h"
#include "proto/task.pb.h"
#include "worker/slots/task_context.h"

namespace registry_manager {

// Gathers what a task does, action by action, with the sums. Thread-safe.
class OutcomeBuilder {
 public:
  // `context` outlives the builder.
  explicit OutcomeBuilder(TaskContext& context) : context_(context) {}

  // Counts an action and keeps it for the result; many are sent ahead. What
  // stays as it is is kept only where details are wanted.
  void Add(proto::Action action);
  void Note(std::string note);
  // Adds to the sums that are no actions (tags, blobs, bytes). Replaces those
  // that it sets.
  void SetTags(uint64_t tags);
  void SetBytesToFree(uint64_t bytes);
  void SetTransfers(const CopyTally& tally);

  // The result so far, with `outcome`. Call last.
  proto::TaskResult Finish(proto::TaskResult::Outcome outcome);
  // The same with a problem: FAILED.
  proto::TaskResult Fail(proto::Problem problem);

 private:
  void CountLocked(const proto::Action& action);

  TaskContext& context_;
  std::mutex mutex_;
  proto::Counts counts_;
  std::vector<proto::Action> actions_;
  std::vector<std::string> notes_;
};

proto::Action MakeAction(proto::Action::Verb verb, proto::Action::Result result,
                         std::string reference, std::string digest = "",
                         std::string reason = "");

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_OUTCOME_H_
