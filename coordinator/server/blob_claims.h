// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SERVER_BLOB_CLAIMS_H_
#define REGISTRY_MANAGER_COORDINATOR_SERVER_BLOB_CLAIMS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "coordinator/scheduler/scheduler.h"

namespace registry_manager {

// Decides which worker brings which blob to which target, so that no byte moves
// twice: only one task at a time brings a blob to a target, and the next task
// mounts the blob from the repository where the first one put it. The knowledge
// about blobs is bounded and is only a hint; if it proves wrong, it is learnt
// again. Not thread-safe.
class BlobClaims {
 public:
  // A blob on a target: "DIGEST" at "ADDRESS".
  struct Blob {
    std::string target;
    std::string digest;
  };
  struct Claimant {
    WorkerSession session;
    TaskKey task;
    uint32_t attempt = 0;
    // The claim's number among those of its session.
    uint64_t number = 0;
  };
  // It is the claimant's turn, unless the repository holds the blob.
  struct Turn {
    WorkerSession session;
    uint64_t number = 0;
    bool present = false;
    // A repository of the target that holds it; empty: none is known.
    std::string mount_from;
  };
  using Turns = std::vector<Turn>;

  // Answered at once, or when those before it have ended. The same claim again
  // is answered again where it was answered.
  Turns Claim(const Blob& blob, const std::string& repository,
              const Claimant& claimant);
  // The turn of a task is over; `present`: the repository holds the blob now.
  Turns End(const Blob& blob, const std::string& repository,
            const Claimant& claimant, bool present);
  // The repository lacks the blob, whatever is known of it.
  void Forget(const Blob& blob, const std::string& repository);
  // Takes their turns, and their claims, from all that may not act any more.
  Turns Release(const std::function<bool(const Claimant&)>& may_act);

 private:
  struct Waiting {
    std::string repository;
    Claimant claimant;
  };
  struct Entry {
    std::set<std::string> repositories;
    std::optional<Claimant> holder;
    std::deque<Waiting> waiting;
  };

  static std::string KeyOf(const Blob& blob);
  // Gives the turn to whoever is next, and tells those that need none.
  static void Advance(Entry& entry, Turns& turns);
  static Turn TurnOf(const Entry& entry, const Waiting& waiting);
  void MakeRoom();

  absl::flat_hash_map<std::string, Entry> entries_;
  // The keys of the entries that have a holder.
  std::set<std::string> claimed_;
  // The number of repositories in all entries together.
  size_t names_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SERVER_BLOB_CLAIMS_H_
