// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_SYNC_NAMES_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_SYNC_NAMES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "common/policy/rename.h"

namespace registry_manager {

// The names that a sync's repositories get on its target, and which of them are
// refused. Holds eight bytes a repository. Sources are asked for in the order
// in which they were frozen, so that a resumed run refuses the same ones.
class SyncNames {
 public:
  // `same_registry`: source and target are one registry.
  SyncNames(std::vector<RenameRule> rules, bool same_registry)
      : rules_(std::move(rules)), same_registry_(same_registry) {}

  // The name on the target; InvalidArgument, with the reason, where the
  // repository is refused: the rules make an invalid name, it would be copied
  // onto itself, or another source feeds that target. Call once for each
  // source, in order.
  absl::StatusOr<std::string> Admit(const std::string& source);

  // For a sync within one registry: adds the name that the rules make of a name
  // in the catalogue. The names that the rules make are not sources.
  void AddProduct(const std::string& source);
  bool IsProduct(const std::string& name) const;

 private:
  const std::vector<RenameRule> rules_;
  const bool same_registry_;
  absl::flat_hash_set<uint64_t> targets_;
  absl::flat_hash_set<uint64_t> products_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_SYNC_NAMES_H_
