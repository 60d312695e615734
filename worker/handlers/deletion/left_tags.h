// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_LEFT_TAGS_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_LEFT_TAGS_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/http/cancellation.h"
#include "common/reference/digest.h"
#include "common/registry/drivers/driver.h"

namespace registry_manager {

// The state of the tags of deleted images, by the listing. Tags in
// neither of the two are gone.
struct LeftTags {
  // Tags that are listed still.
  TagStates left;
  // Tags that somebody else has moved, half removed or pushed again since.
  std::set<std::string> moved;
  // The tags of `left` that the registry refused to delete by name.
  std::map<std::string, absl::Status> refused = {};
  // True if it was found out just now that the registry leaves tags listed
  // whose image is deleted, and deletes them by name.
  bool found_to_leave_tags = false;
};

// Looks once at `tags`, each with the digest of the deleted image that it
// pointed at.
absl::StatusOr<LeftTags> FindLeftTags(
    RepositoryDriver& driver, const std::map<std::string, Digest>& tags);

// Looks at `tags`, each with the digest of the deleted image that it pointed
// at. Registries behind a cache list a tag a little longer, so that a few looks
// may be needed; a tag that stays is deleted by name, if the registry does
// that and nobody has pushed the image again. An error if the listing cannot be
// read, or if the task must end.
absl::StatusOr<LeftTags> CheckLeftTags(
    RepositoryDriver& driver, const std::map<std::string, Digest>& tags,
    Cancellation& cancellation);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_DELETION_LEFT_TAGS_H_
