// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SLOTS_TASK_PORT_H_
#define REGISTRY_MANAGER_WORKER_SLOTS_TASK_PORT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/registry/copy/blob_ledger.h"
#include "proto/fleet.pb.h"
#include "worker/slots/assignment.h"

namespace registry_manager {

// A blob on its way to a repository of a target.
struct BlobPlace {
  // The registry's address.
  std::string target;
  std::string repository;
  std::string digest;
};

// The services of the session that a slot needs. Thread-safe.
class TaskPort {
 public:
  virtual ~TaskPort() = default;
  // Journals an intent (null: that it is done). Blocks until the coordinator
  // has answered, or the task is cancelled.
  virtual absl::Status WriteIntent(
      const std::shared_ptr<Assignment>& assignment,
      const std::string& registry, const std::string& repository,
      const proto::Intent* intent) = 0;
  // The turn to bring a blob to its place, among all workers. Blocks until it
  // has come, or the task is cancelled; ended by EndBlob, but where the blob is
  // present.
  virtual absl::StatusOr<BlobLedger::Turn> ClaimBlob(
      const std::shared_ptr<Assignment>& assignment,
      const BlobPlace& place) = 0;
  // Ends a turn, or says that the repository lacks the blob after all.
  virtual void EndBlob(const std::shared_ptr<Assignment>& assignment,
                       const BlobPlace& place,
                       proto::BlobEnd::Outcome outcome) = 0;
  virtual void SendActions(const std::shared_ptr<Assignment>& assignment,
                           const std::vector<proto::Action>& actions) = 0;
  // The slot is free.
  virtual void Finished(const std::shared_ptr<Assignment>& assignment,
                        proto::TaskResult result) = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SLOTS_TASK_PORT_H_
