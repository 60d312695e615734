// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_CORE_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_CORE_H_

#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/owner.h"
#include "coordinator/journal/redis_connection.h"
#include "coordinator/journal/redis_scripts.h"

namespace registry_manager {

// The parts that all runs of one journal in Redis share: one connection, whose
// users take turns.
struct RedisCore {
  explicit RedisCore(RedisEndpoint endpoint) : redis(std::move(endpoint)) {}

  // Guards `redis`.
  std::mutex mutex;
  RedisConnection redis;
  const RedisScripts scripts;
  const Owner owner = Owner::Here();
};

// Keys that belong to no run.
inline constexpr char kIdentitiesKey[] = "rm:identity";
inline constexpr char kIntentsKey[] = "rm:intents";
inline constexpr char kEpochKey[] = "rm:epoch";
inline constexpr char kFinishedKey[] = "rm:finished";

// The beginning of the names of a run's keys.
std::string KeyPrefix(absl::string_view run);

// Removes the keys of a run that has finished, in bounded steps. The caller
// holds the mutex.
absl::Status SweepRun(RedisCore& core, const std::string& run);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_CORE_H_
