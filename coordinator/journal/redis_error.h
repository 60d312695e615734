// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_ERROR_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// Turns an error reply of Redis into the status that it means to the journal.
// The words of the replies are those of Redis 7.0's source (server.c,
// createSharedObjects):
//
//   Unavailable      it may take the same command later: LOADING, MISCONF,
//                    OOM, READONLY, BUSY, CLUSTERDOWN, NOREPLICAS, …
//   Unauthenticated  NOAUTH, WRONGPASS, NOPERM, AUTH without a password set
//   Aborted          FENCED, the journal's own: another coordinator's run
//   DataLoss         WRONGTYPE: a key holds something else than the journal's
//   NotFound         NOSCRIPT: the script has to be sent again
//   Internal         everything else
//
// `server` names the Redis server, without credentials.
absl::Status RedisErrorStatus(absl::string_view reply,
                              absl::string_view server);

// Redis is still reading its data, as it does after a restart: it will answer.
bool IsLoading(const absl::Status& status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_ERROR_H_
