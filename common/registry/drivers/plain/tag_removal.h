// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_TAG_REMOVAL_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_TAG_REMOVAL_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/reference/digest.h"
#include "common/registry/connection/connection.h"
#include "common/registry/drivers/plain/plain_repository.h"
#include "common/registry/drivers/removal.h"

namespace registry_manager {

// Removes tags alone: by the registry's own delete of a tag if that is proven
// to remove only a tag (on two probe tags of our own placeholder, once per
// registry), otherwise by pointing them at the placeholder, which is then
// deleted once. Nothing is deleted from the repository beside it. A tag is
// removed when it is not listed any more. The manifests are looked at, after
// each tag's own delete and at the end: if one is gone, it is pushed back from
// the bytes in hand, and the error HarmsOthers() (removal.h): nothing more may
// be deleted from the registry. Other errors concern the repository as a whole.
absl::StatusOr<std::vector<TagOutcome>> RemoveTags(
    PlainRepository& repository, const std::vector<TagToRemove>& tags);

// Deletes the placeholder, and with it every tag that is half removed.
absl::Status FinishHalfRemovedTags(PlainRepository& repository);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_TAG_REMOVAL_H_
