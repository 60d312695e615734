// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_SCRIPTS_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_SCRIPTS_H_

#include "coordinator/journal/redis_connection.h"

namespace registry_manager {

// The journal's steps in Redis: each is carried out wholly or not at all, and
// doing it again changes nothing. Those that write to a run begin with the
// comparison of its epoch. docs/journal.md, "Scripts", holds the rules;
// redis_scripts.cc lists keys and arguments at each.
struct RedisScripts {
  RedisScripts();

  const RedisScript epoch;
  const RedisScript own;
  const RedisScript renew;
  const RedisScript release;
  const RedisScript commit;
  const RedisScript attempts;
  const RedisScript intent;
  const RedisScript finish;
  const RedisScript sweep;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_SCRIPTS_H_
