// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_IMAGE_DELETION_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_IMAGE_DELETION_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/reference/digest.h"
#include "common/registry/connection/connection.h"
#include "common/registry/drivers/plain/plain_repository.h"
#include "common/registry/drivers/removal.h"

namespace registry_manager {

// The outcome for a manifest that should be deleted with all its tags.
struct ImageDeletion {
  // The status of the manifest's deletion. OK: the manifest is gone.
  absl::Status status;
  // These are ImageOutcome's.
  bool was_gone = false;
  bool found_tags_first = false;
  std::vector<std::string> passed_over;
  std::vector<std::string> untagged;
};

// Deletes a manifest, all of whose `tags` are doomed: by its digest, because a
// tag that somebody moves meanwhile survives that. A registry that refuses a
// digest as long as a tag points at it (Google, Docker Hub, ECR) gets the tags
// by name first, each looked at right before; the capabilities remember that.
// Nothing is begun once the look that it rests on is too old.
ImageDeletion DeleteImage(PlainRepository& repository, const Digest& digest,
                          const std::vector<std::string>& tags,
                          absl::Time look_lasts_until);

// Tags that a registry left listed although it had deleted what they point at
// (Nexus, go-containerregistry's), with that digest: deletes each by its name,
// unless it points at something else by now. Returns why for those that the
// registry refuses; only a listing tells whether the others are gone.
std::map<std::string, absl::Status> DeleteLeftTags(
    PlainRepository& repository, const std::map<std::string, Digest>& tags);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_IMAGE_DELETION_H_
