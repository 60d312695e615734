// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_DURABILITY_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_DURABILITY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {

// What a Redis server says of how well it keeps what it is given.
struct RedisDurability {
  // "7.0.15".
  std::string version;
  // What would lose a journal, each with what to do; empty: nothing.
  std::vector<std::string> weaknesses;
};

// Asks the server; writes nothing. Errors are those of its connection.
absl::StatusOr<RedisDurability> InspectRedis(const RedisEndpoint& endpoint);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_DURABILITY_H_
