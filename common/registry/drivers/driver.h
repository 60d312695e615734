// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_DRIVER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_DRIVER_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/policy/deletion_selection.h"
#include "common/registry/api/listing.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/task_scope.h"
#include "common/registry/drivers/capabilities.h"
#include "common/registry/drivers/removal.h"
#include "common/registry/drivers/repository_state.h"

namespace registry_manager {

// The seam for registries that list, tell the state of a repository, or delete
// in ways of their own. drivers/plain is the implementation for what the
// distribution spec says; drivers/testing has a fake.

// A repository as a sync and a listing see it. For one task; thread-safe.
class RepositoryReader {
 public:
  virtual ~RepositoryReader() = default;

  // Every tag, in the registry's order; not checked. NotFound: there is no such
  // repository.
  virtual absl::StatusOr<std::vector<std::string>> ListTags() = 0;
  // OK if something that is a registry answers: a server that is none has no
  // tags either.
  virtual absl::Status CheckIsRegistry() = 0;
  // The digest of a tag. `is_listed`: the tag was listed a moment ago, so that
  // an answer that denies it is looked into. NotFound: there is no such tag.
  virtual absl::StatusOr<ManifestHead> HeadTag(const std::string& tag,
                                               bool is_listed) = 0;
  // The manifest that the tag points at. NotFound: there is no such tag.
  virtual absl::StatusOr<RawManifest> ReadTag(const std::string& tag) = 0;
  // The manifest that HeadTag() named a moment ago.
  virtual absl::StatusOr<RawManifest> ReadManifest(
      const ManifestHead& head) = 0;
};

// A repository as a deletion sees it: what policy needs to know of it, and the
// removal of things from it. For one task; what RepositoryReader does not have
// is for one thread at a time.
class RepositoryDriver : public RepositoryReader {
 public:
  // The capabilities of the registry, as far as they are known.
  virtual DeletionCapabilities& capabilities() = 0;

  // The state of every tag. Empty if the registry does not know the repository;
  // an error if one tag cannot be resolved: nothing may be deleted then.
  virtual absl::StatusOr<TagStates> ReadTagStates() = 0;
  // Reads the states of those of `tags` that are listed.
  virtual absl::StatusOr<TagStates> ReadTagStatesOf(
      const std::set<std::string>& tags) = 0;
  // The creation times of some resolved tags' images.
  virtual absl::flat_hash_map<std::string, CreationTime> ReadCreationTimes(
      const TagStates& states, const std::vector<std::string>& tags) = 0;
  // Reads every index that a tag reaches, and, for what `doomed` tags and
  // `untagged` manifests reach, subjects and referrers. An error if anything
  // but a missing child cannot be read: nothing may be deleted then.
  virtual absl::StatusOr<SnapshotReading> ReadSnapshot(
      const TagStates& states, const std::vector<std::string>& doomed,
      const std::vector<Digest>& untagged) = 0;
  // The bytes of the blobs that only `going` manifests are known to name.
  virtual uint64_t BytesOf(const std::vector<Digest>& going) const = 0;
  // The members of `digests` that the repository does not have.
  virtual absl::StatusOr<absl::flat_hash_set<Digest>> Missing(
      const std::vector<Digest>& digests) = 0;

  // OK if the registry deletes here. DoesNotDelete(): it deletes nothing.
  virtual absl::Status CheckDeletes() = 0;
  // Carries the plan out. Whether tags are gone is for the caller to judge, by
  // the listing.
  virtual RemovalOutcome Remove(const RemovalPlan& plan) = 0;
  // Removes tags whose removal was cut short before.
  virtual absl::Status FinishHalfRemovedTags() = 0;
};

// One registry, for all tasks of a run. Thread-safe.
class RegistryDriver {
 public:
  virtual ~RegistryDriver() = default;

  // One page of the catalogue, as ListCatalogPage() (listing.h) returns it.
  virtual absl::StatusOr<CatalogPage> ListCatalog(
      TaskScope& task, const std::string& cursor) = 0;
  // `pushes` is true if the repository may not be there yet because the task
  // will push it. `task` and the registry's driver must outlive the result.
  virtual std::unique_ptr<RepositoryDriver> Open(TaskScope& task,
                                                 std::string repository,
                                                 bool pushes) = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_DRIVER_H_
