// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_SNAPSHOT_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_SNAPSHOT_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/concurrency/parallel.h"
#include "common/policy/delete_plan.h"
#include "common/policy/deletion_selection.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"
#include "common/registry/drivers/plain/tag_states.h"
#include "common/registry/drivers/repository_state.h"

namespace registry_manager {

// Reads what a delete plan must know of a repository's manifests. What was read
// once is kept: a digest never changes its content, so that a second snapshot
// costs only what is new. For one repository; used from one thread.
class SnapshotReader {
 public:
  // All outlive the reader.
  SnapshotReader(RegistryClient client, std::string repository,
                 ThreadPool* pool);

  // Follows every index that a tag reaches, and, for what `doomed` tags and
  // `untagged` manifests reach, subjects and referrers. An error if anything
  // but a missing child cannot be read: nothing may be deleted then.
  absl::StatusOr<SnapshotReading> Read(const TagStates& states,
                                       const std::vector<std::string>& doomed,
                                       const std::vector<Digest>& untagged);

  // The bytes of the blobs that none but `going` manifests are known to name. A
  // lower bound for what they hold (not every manifest was read), an upper one
  // for what deleting them frees (others may need some of it).
  uint64_t BytesOf(const std::vector<Digest>& going) const;

  // The creation times of some resolved tags' images.
  absl::flat_hash_map<std::string, CreationTime> ReadCreationTimes(
      const TagStates& states, const std::vector<std::string>& tags);

 private:
  struct Known {
    bool missing = false;
    // The manifest itself was read, not only its head.
    bool read = false;
    std::vector<Descriptor> children;
    std::optional<Digest> subject;
    // Sizes of its blobs, by the hashes of their digests.
    std::vector<std::pair<size_t, uint64_t>> blobs;
  };
  struct Wanted {
    Digest digest;
    // True if the index that lists it, or a HEAD, says so.
    bool may_be_index;
    // True if a HEAD is not enough, neither for this manifest nor for those
    // below it: subjects must be known.
    bool must_read;
    // The parameter `seen_as` of ReadManifest().
    std::string seen_as = {};
  };
  using Referrers = absl::flat_hash_map<Digest, std::vector<Digest>>;

  // If a digest is in the list twice, the look that learns more must come
  // first.
  static bool LearnsMore(const Wanted& a, const Wanted& b);
  bool IsKnown(const Wanted& wanted) const;
  absl::StatusOr<Known> Look(const Wanted& wanted) const;
  // Reads `roots` and all that they reach through indexes.
  absl::Status Follow(const std::vector<Wanted>& roots);
  absl::Status LookAtAll(const std::vector<Wanted>& level);
  // Lists by the referrers API; returns none if the registry does not have it.
  absl::StatusOr<std::vector<std::vector<Descriptor>>> ListReferrersOf(
      const std::vector<Digest>& subjects) const;
  // Reads the referrers of `subjects` and of all that these lead to.
  absl::StatusOr<Referrers> ReadReferrers(const TagStates& states,
                                          const std::set<Digest>& subjects);
  RepositorySnapshot Assemble(const TagStates& states,
                              Referrers referrers) const;
  std::vector<std::string> MissingChildren() const;
  std::vector<std::string> LostTags(const TagStates& states) const;
  CreationTime ReadCreated(const Digest& digest, int depth) const;
  CreationTime ReadCreatedOfChildren(const std::vector<Descriptor>& children,
                                     int depth) const;
  CreationTime ReadCreatedOfConfig(const Descriptor& config) const;

  const RegistryClient client_;
  const std::string repository_;
  ThreadPool* const pool_;
  absl::flat_hash_map<Digest, Known> known_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_SNAPSHOT_H_
