// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_TAG_REMOVAL_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_TAG_REMOVAL_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/reference/digest.h"
#include "common/registry/connection.h"
#include "common/registry/removal/settling.h"

namespace registry_manager {

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

// Removes tags alone: by the registry's own delete of a tag if that is proven
// to remove only a tag (on two probe tags of our own placeholder, once per
// registry), otherwise by pointing them at the placeholder, which is then
// deleted once. Nothing is deleted from the repository beside it. A tag is
// removed when it is not listed any more. The manifests are looked at, after
// each tag's own delete and at the end: if one is gone, it is pushed back from
// the bytes in hand and DataLoss is returned (and for no other reason): nothing
// more may be deleted from the registry. Other errors concern the repository as
// a whole.
absl::StatusOr<std::vector<TagRemovalOutcome>> RemoveTags(
    const RegistryClient& client, const std::string& repository,
    const std::vector<TagToRemove>& tags, Settling& settling);

// Deletes the placeholder, and with it every tag that is half removed.
absl::Status FinishHalfRemovedTags(const RegistryClient& client,
                                   const std::string& repository,
                                   Settling& settling);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_TAG_REMOVAL_H_
