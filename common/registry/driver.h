// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVER_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "common/concurrency/parallel.h"
#include "common/policy/deletion_selection.h"
#include "common/registry/connection.h"
#include "common/registry/removal/image_deletion.h"
#include "common/registry/removal/snapshot.h"
#include "common/registry/removal/tag_removal.h"
#include "common/registry/removal/tag_states.h"

namespace registry_manager {

// A manifest and the tags that it bears.
struct ImageToDelete {
  Digest digest;
  std::vector<std::string> tags;
};

// One repository as a deletion sees it: what policy needs to know of it, and
// the removal of things from it. The seam for registries that do this in ways
// of their own. For one task; used from one thread.
class RepositoryDriver {
 public:
  virtual ~RepositoryDriver() = default;

  // See the functions of removal/ for what each promises.
  virtual absl::StatusOr<TagStates> ReadTagStates() = 0;
  // Reads the states of those of `tags` that are listed.
  virtual absl::StatusOr<TagStates> ReadTagStatesOf(
      const std::set<std::string>& tags) = 0;
  virtual absl::flat_hash_map<std::string, CreationTime> ReadCreationTimes(
      const TagStates& states, const std::vector<std::string>& tags) = 0;
  virtual absl::StatusOr<SnapshotReader::Result> ReadSnapshot(
      const TagStates& states, const std::vector<std::string>& doomed,
      const std::vector<Digest>& untagged) = 0;

  virtual uint64_t BytesOf(const std::vector<Digest>& going) const = 0;

  // The members of `digests` that the repository does not have.
  virtual absl::StatusOr<absl::flat_hash_set<Digest>> Missing(
      const std::vector<Digest>& digests) = 0;

  virtual absl::Status CheckDeletes() = 0;
  // Deletes manifests with all of their tags, which are doomed. None of them
  // leads to another, so that they may be deleted in any order, or at once.
  // Returns one result for each. No deletion begins after `look_lasts_until`
  // (BootTime()): CameTooLate() is then true for its status.
  virtual std::vector<ImageDeletion> DeleteWave(
      const std::vector<ImageToDelete>& wave, absl::Time look_lasts_until) = 0;
  // LeavesTags() is true if tags are known to stay listed when the image that
  // they point at is deleted. RememberLeavesTags() records that, and returns
  // true if this was not known before.
  virtual bool LeavesTags() const = 0;
  virtual bool RememberLeavesTags() = 0;
  // Deletes tags that stayed listed although their image was deleted.
  virtual std::map<std::string, absl::Status> DeleteLeftTags(
      const std::map<std::string, Digest>& tags) = 0;
  virtual absl::StatusOr<std::vector<TagRemovalOutcome>> RemoveTags(
      const std::vector<TagToRemove>& tags) = 0;
  virtual absl::Status FinishHalfRemovedTags() = 0;
};

// The driver for any registry that follows the distribution spec.
std::unique_ptr<RepositoryDriver> NewPlainDriver(RegistryClient client,
                                                 std::string repository,
                                                 ThreadPool* pool);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVER_H_
