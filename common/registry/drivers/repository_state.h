// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REPOSITORY_STATE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REPOSITORY_STATE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/policy/delete_plan.h"
#include "common/reference/digest.h"

namespace registry_manager {

// The state of a tag, and the image that it points at.
struct TagState {
  enum class Kind {
    kResolved,
    // The tag points at our placeholder: a removal was cut short.
    kHalfRemoved,
    // The tag is listed, but its image is gone (registries that are killed
    // during a delete leave such tags).
    kDangling,
  };
  Kind kind = Kind::kResolved;
  // Set for kResolved only.
  std::optional<Digest> digest;
  std::string media_type;
  // Set for kDangling if the registry still answers for the tag: the digest of
  // the answer, although the manifest is gone.
  std::optional<Digest> ghost = {};
};

// By tag.
using TagStates = std::map<std::string, TagState>;

// The part of a repository's manifests that a delete plan must know.
struct SnapshotReading {
  RepositorySnapshot snapshot;
  // Children that indexes list and that the registry does not have: they
  // protect nothing. "INDEX lists CHILD, which is missing".
  std::vector<std::string> notes;
  // Tags whose manifest the registry does not hand out by its digest. Unless
  // there are none, nothing may be deleted on the word of this snapshot.
  std::vector<std::string> lost_tags;
};
}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_REPOSITORY_STATE_H_
