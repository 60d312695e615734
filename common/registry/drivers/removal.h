// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REMOVAL_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REMOVAL_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/reference/digest.h"

namespace registry_manager {

// The orders to a driver that removes things from a repository, as data, and
// the outcome of each. The driver may group what the registry takes together.

// A manifest that must be deleted with all of its tags, which are doomed.
struct ImageToDelete {
  Digest digest;
  std::vector<std::string> tags;
  // No image leads to another image of its wave: a wave may be deleted in any
  // order, or at once. The waves follow each other.
  int wave = 0;
};

// A tag that must be removed without its manifest.
struct TagToRemove {
  std::string tag;
  // The digest that the tag points at; absent if the tag is dangling.
  std::optional<Digest> digest;
  // Tags that point at the digest too and stay: they are put back with the
  // manifest if the registry deletes the manifest along with the tag.
  std::vector<std::string> kept_tags = {};
  // Set for a dangling tag that the registry still answers for: the digest of
  // the answer, whose manifest is gone.
  std::optional<Digest> ghost = {};
};

// Carried out in the order of its fields. The tags are dealt with only if every
// image of the plan is gone.
struct RemovalPlan {
  // Sorted by wave.
  std::vector<ImageToDelete> images = {};
  // The manifests that a manifest leads to directly; also for manifests that
  // are between two images. What an image leads to, directly or through others,
  // stays if the image stays.
  absl::flat_hash_map<Digest, std::vector<Digest>> leads_to = {};
  // No image's deletion begins later (by BootTime()): the look at the
  // repository that the plan rests on is too old by then.
  absl::Time look_lasts_until = absl::InfiniteFuture();
  // Tags that stayed listed although the image that they pointed at, whose
  // digest this is, was deleted. They are deleted by name.
  std::map<std::string, Digest> left_tags = {};
  std::vector<TagToRemove> tags = {};
};

struct ImageOutcome {
  enum class Kind {
    // The removal ended before, or nobody knows what became of the image:
    // RemovalOutcome::status says why.
    kNotTried,
    kDeleted,
    // Somebody else had deleted it.
    kWasGone,
    // The look at the repository was too old, or the registry turned the
    // request away: nothing was done, and everything must be looked at again.
    kTooLate,
    // An image that leads to this one could not be deleted.
    kSpared,
    // The registry refused to delete it.
    kRefused,
    // It was not deleted; the registry may do it later.
    kFailed,
  };
  Kind kind = Kind::kNotTried;
  // The reason, if the kind is kTooLate, kRefused or kFailed.
  absl::Status status = {};
  // True if it was found out just now that the registry wants the tags to be
  // deleted first.
  bool found_tags_first = false;
  // Tags that somebody else had moved or removed.
  std::vector<std::string> passed_over = {};
  // Tags that were deleted by name although the manifest could not be deleted.
  std::vector<std::string> untagged = {};
};

struct TagOutcome {
  std::string tag;
  enum class Kind {
    // The removal ended before the tag was dealt with.
    kNotTried,
    kRemoved,
    // The tag points at something else than was planned, or somebody else
    // removed it: it was left alone.
    kMoved,
    kFailed,
  };
  Kind kind = Kind::kNotTried;
  // The reason, if the kind is kFailed.
  absl::Status status = {};
};

struct RemovalOutcome {
  // One for each image of the plan, in its order.
  std::vector<ImageOutcome> images = {};
  // The left tags that the registry refused to delete by name, and the reason.
  // Only a listing tells whether the others are gone.
  std::map<std::string, absl::Status> refused_tags = {};
  // One for each tag of the plan, in its order.
  std::vector<TagOutcome> tags = {};
  // OK: the plan was carried out to its end, even if some of it failed, or up
  // to an image that came too late. Otherwise the reason why it ended early,
  // with which the task must end, too.
  absl::Status status = {};
};

// True if the removal of a tag took a manifest along that others need, which
// was pushed back if possible: nothing more may be deleted from the registry.
bool HarmsOthers(const absl::Status& status);
absl::Status WithHarmsOthers(absl::Status status);

// True if the registry, as it is configured, deletes nothing at all.
bool DoesNotDelete(const absl::Status& status);
absl::Status WithDoesNotDelete(absl::Status status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REMOVAL_H_
