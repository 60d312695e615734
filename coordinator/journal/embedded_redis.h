// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_EMBEDDED_REDIS_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_EMBEDDED_REDIS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {

// The private redis-server of a state folder: on a Unix socket, append-only
// file, synced with every write. Coordinators that run beside each other in one
// state folder share it: the first starts it, and when that one ends, another
// starts it again on the same data. It never outlives the coordinator that
// started it, even one that is killed with -9.
//
// Thread-safe. A thread of its own supervises: it starts the server when
// nobody does, and again, with back-off, when it ends. Nothing else in the
// process may wait for children that are not its own (waitpid(-1)).
class EmbeddedRedis {
 public:
  // `folder` is made, with mode 0700. Returns when the server answers (also
  // while it is LOADING a large journal, for which it waits). Errors say what
  // to do: redis-server is not installed, the folder cannot be written, ….
  static absl::StatusOr<std::unique_ptr<EmbeddedRedis>> Start(
      const std::string& folder);
  virtual ~EmbeddedRedis() = default;

  // The address at which the server listens. Its path is short enough for a
  // Unix socket, however long the folder's path is.
  virtual RedisEndpoint endpoint() const = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_EMBEDDED_REDIS_H_
