// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_PAIR_OF_PASSES_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_PAIR_OF_PASSES_H_

#include "absl/status/statusor.h"
#include "common/http/cancellation.h"
#include "common/registry/connection/connection.h"
#include "common/registry/connection/request_gate.h"

namespace registry_manager {

// Two requests that need each other: the GET of a stream and its PUT.
class PairOfPasses {
 public:
  // Waits for both. While one registry asks for patience, nothing is held of
  // the other: its passes are for copies that may go on.
  static absl::StatusOr<PairOfPasses> Acquire(RegistryConnection& source,
                                              RegistryConnection& target,
                                              Cancellation* cancellation);

  GatePass& source() { return source_; }
  GatePass& target() { return target_; }

 private:
  PairOfPasses() = default;

  GatePass source_;
  GatePass target_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_PAIR_OF_PASSES_H_
