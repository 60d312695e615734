// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CLI_JOURNAL_CHOICE_H_
#define REGISTRY_MANAGER_COORDINATOR_CLI_JOURNAL_CHOICE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/journal/embedded_redis.h"
#include "coordinator/journal/journal.h"
#include "coordinator/records/state_folder.h"

namespace registry_manager {

// A run's journal, with the server that it stands on where that is ours.
struct OpenJournal {
  // Ends after the journal.
  std::unique_ptr<EmbeddedRedis> server;
  std::unique_ptr<Journal> journal;
};

// The server that `--redis`, `--redis-file` or RM_REDIS_URL names; nullopt:
// none does. Takes RM_REDIS_URL out of the environment, so that no child
// inherits it. InvalidArgument: its address is wrong.
absl::StatusOr<std::optional<RedisEndpoint>> NamedRedis(
    const std::string& redis, const std::string& redis_file);

// The journal of a run: on the server that is named, otherwise on the state
// folder's own. Errors are NamedRedis' and the server's.
absl::StatusOr<OpenJournal> ChooseJournal(const std::string& redis,
                                          const std::string& redis_file,
                                          const StateFolder& folder);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CLI_JOURNAL_CHOICE_H_
