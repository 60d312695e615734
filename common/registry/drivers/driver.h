// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_DRIVER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_DRIVER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/policy/deletion_selection.h"
#include "common/registry/drivers/removal.h"
#include "common/registry/drivers/repository_state.h"

namespace registry_manager {

// One repository as a deletion sees it: what policy needs to know of it, and
// the removal of things from it. The seam for registries that do this in ways
// of their own. For one task; used from one thread.
class RepositoryDriver {
 public:
  virtual ~RepositoryDriver() = default;

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

  // Whether the registry deletes at all.
  virtual absl::Status CheckDeletes() = 0;
  // Deletes manifests with all of their tags, which are doomed. None of them
  // leads to another, so that they may be deleted in any order, or at once.
  // Returns one result for each. No deletion begins after `look_lasts_until`
  // (BootTime()); CameTooLate() is then true for its status (look_age.h).
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
  // Removes tags alone; their manifests stay. DataLoss: the registry took a
  // manifest along, which was pushed back; nothing more may be deleted from it.
  virtual absl::StatusOr<std::vector<TagRemovalOutcome>> RemoveTags(
      const std::vector<TagToRemove>& tags) = 0;
  // Removes tags whose removal was cut short before.
  virtual absl::Status FinishHalfRemovedTags() = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_DRIVER_H_
