// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_RUN_LISTENER_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_RUN_LISTENER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coordinator/run/run.h"
#include "proto/control.pb.h"
#include "proto/task.pb.h"

namespace registry_manager {

// Told of what happens in a run, as it happens. Called on the run loop's
// thread; must not block for long.
class RunListener {
 public:
  virtual ~RunListener() = default;

  // Actions of a task under way; the rest comes with its result.
  virtual void OnActions(
      const Run::About& about,
      const google::protobuf::RepeatedPtrField<proto::Action>& actions) = 0;
  // A task has ended for good.
  virtual void OnEnded(const Run::About& about,
                       const proto::TaskResult& result) = 0;
  // A task was not carried out at all.
  virtual void OnRefused(const Run::About& about, const std::string& reason,
                         Run::Refusal why) = 0;
  // The outcomes that were reported so far are about to be journalled. They
  // must be stored first, so that they outlive this process. Unavailable: they
  // cannot be written for now.
  virtual absl::Status OnCommit() = 0;
  // A sentence for the person who watches. Said once, however often it comes.
  virtual void OnNotice(const std::string& text) = 0;
  // A sentence about something that changes, and changes back. Said each time.
  virtual void OnChange(const std::string& text) = 0;
  // About once a second.
  virtual void OnProgress(const proto::RunSnapshot& snapshot) = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_RUN_LISTENER_H_
