// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/failure_list.h"

#include <utility>

namespace registry_manager {
namespace {

constexpr size_t kMaxFailures = 1000;

}  // namespace

void FailureList::Add(const OutcomeRecord& record) {
  ++total_;
  if (failures_.size() >= kMaxFailures) return;
  proto::Failure failure;
  failure.set_registry(record.registry);
  failure.set_repository(record.repository);
  failure.set_target(record.target);
  failure.set_target_repository(record.target_repository);
  failure.set_reference(record.reference);
  failure.set_reason(record.reason);
  failures_.push_back(std::move(failure));
}

void FailureList::AddTo(proto::RunSnapshot& snapshot) const {
  for (const proto::Failure& failure : failures_) {
    *snapshot.add_failures() = failure;
  }
  snapshot.set_failures_total(total_);
}

}  // namespace registry_manager
