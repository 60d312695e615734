// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_COMPARISON_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_COMPARISON_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/concurrency/parallel.h"
#include "common/registry/api/manifest.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/task_scope.h"
#include "common/registry/drivers/driver.h"
#include "proto/task.pb.h"

namespace registry_manager {

// A repository's tags as they are listed. Empty if there is none of that name;
// `exists` tells the two apart.
struct TagListing {
  bool exists = true;
  // False: these are the tags that it may have, not those that it lists.
  bool listed = true;
  std::set<std::string> tags;
};
absl::StatusOr<TagListing> ListTagSet(RepositoryReader& repository);

// The tags of a source. Some registries let a user read a tag that he names,
// and list nothing: if `entry`, which is the source's, names tags, those count
// then, and the notes of `task` say so.
absl::StatusOr<TagListing> ListSource(RepositoryReader& source,
                                      const proto::RepositoryEntry& entry,
                                      TaskScope& task);

// The state of one tag at both ends.
struct TagComparison {
  // Not OK: why the tag cannot be compared, or copied whole.
  absl::Status status;
  std::optional<ManifestHead> source;
  // The source's manifest, if it was read and is not large.
  std::optional<RawManifest> manifest;
  // The target's tag points at the same digest; a referrers fallback tag may
  // list more there.
  bool same = false;
  // The source's tag is half removed (it bears our placeholder).
  bool half_removed = false;
};

// Looks each of `tags` up in the source, and in the target if `target_tags` may
// have it. `reads_new`: what the target does not have is read at once, for
// it is copied. Errors that end the task as a whole (a registry cannot be
// reached) are returned; others stand in the comparison.
absl::StatusOr<std::map<std::string, TagComparison>> CompareTags(
    RepositoryReader& source, RepositoryReader& target,
    const TagListing& target_tags, const std::vector<std::string>& tags,
    bool reads_new, ThreadPool& pool);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_COMPARISON_H_
