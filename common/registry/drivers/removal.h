// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REMOVAL_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REMOVAL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/reference/digest.h"

namespace registry_manager {

// The orders to a driver that removes things from a repository, and the outcome
// of each.

// A manifest and the tags that it bears.
struct ImageToDelete {
  Digest digest;
  std::vector<std::string> tags;
};

// The outcome for a manifest that should be deleted with all its tags.
struct ImageDeletion {
  // The status of the manifest's deletion. OK: the manifest is gone.
  absl::Status status;
  // True if somebody else had deleted the manifest.
  bool was_gone = false;
  // True if it was found out just now that the registry wants the tags to be
  // deleted first.
  bool found_tags_first = false;
  // Tags that somebody else had moved or removed.
  std::vector<std::string> passed_over;
  // Tags that were deleted by name although the manifest could not be deleted.
  std::vector<std::string> untagged;
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

// The outcome of one tag's removal.
struct TagRemovalOutcome {
  std::string tag;
  enum class Kind {
    kRemoved,
    // The tag points at something else than was planned, or somebody else
    // removed it: it was left alone.
    kMoved,
    kFailed,
  };
  Kind kind;
  absl::Status status;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REMOVAL_H_
