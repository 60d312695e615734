// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_DURABILITY_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_DURABILITY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {

// A Redis server's own answer about how safely it keeps its data.
struct RedisDurability {
  // "7.0.15".
  std::string version;
  // The reasons why the server could lose a journal, each with advice; empty:
  // there are none.
  std::vector<std::string> weaknesses;
};

// Asks the server; writes nothing. Errors are those of its connection.
absl::StatusOr<RedisDurability> InspectRedis(const RedisEndpoint& endpoint);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_DURABILITY_H_
