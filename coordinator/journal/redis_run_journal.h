// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_RUN_JOURNAL_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_RUN_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "coordinator/journal/journal.h"
#include "coordinator/journal/redis_core.h"

namespace registry_manager {

// A run that this coordinator owns in Redis.
struct OwnedRun {
  std::string run;
  std::string identity;
  uint64_t epoch = 0;
  bool previous_owner_may_act = false;
};

// `core` must outlive the result.
std::unique_ptr<RunJournal> NewRedisRunJournal(RedisCore* core, OwnedRun run);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_RUN_JOURNAL_H_
