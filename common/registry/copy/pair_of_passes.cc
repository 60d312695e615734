// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/pair_of_passes.h"

#include <utility>

#include "common/base/status_macros.h"

namespace registry_manager {

absl::StatusOr<PairOfPasses> PairOfPasses::Acquire(RegistryConnection& source,
                                                   RegistryConnection& target,
                                                   Cancellation* cancellation) {
  RequestGate* first = &source.gate();
  RequestGate* second = &target.gate();
  PairOfPasses pair;
  if (first == second) {
    RETURN_IF_ERROR(first->Acquire(2, cancellation));
    pair.source_ = GatePass(first);
    pair.target_ = GatePass(first);
    return pair;
  }
  // Always in the order of addresses, whichever is the source: two copies in
  // opposite directions would wait for each other, in whatever processes.
  if (target.address().str() < source.address().str()) {
    std::swap(first, second);
  }
  while (true) {
    absl::Status status = first->Acquire(1, cancellation);
    if (!status.ok()) return status;
    GatePass held(first);
    status = second->AcquireUnlessParked(cancellation);
    if (status.ok()) {
      pair.source_ = std::move(held);
      pair.target_ = GatePass(second);
      if (second == &source.gate()) std::swap(pair.source_, pair.target_);
      return pair;
    }
    if (!absl::IsResourceExhausted(status)) return status;
    held = GatePass();
    RETURN_IF_ERROR(cancellation->SleepFor(second->ParkedFor()));
  }
}

}  // namespace registry_manager
