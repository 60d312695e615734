// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RECORDS_FAILURE_LIST_H_
#define REGISTRY_MANAGER_COORDINATOR_RECORDS_FAILURE_LIST_H_

#include <cstdint>
#include <vector>

#include "coordinator/records/outcome_log.h"
#include "proto/control.pb.h"

namespace registry_manager {

// The failures that a run's snapshot names: the first thousand of them, and how
// many there are. A value type.
class FailureList {
 public:
  void Add(const OutcomeRecord& record);
  // Adds them to a snapshot that has none.
  void AddTo(proto::RunSnapshot& snapshot) const;

 private:
  std::vector<proto::Failure> failures_;
  uint64_t total_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RECORDS_FAILURE_LIST_H_
