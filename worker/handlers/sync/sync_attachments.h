// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_ATTACHMENTS_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_ATTACHMENTS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/concurrency/parallel.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifests.h"
#include "common/registry/copy/referrer_copier.h"
#include "worker/handlers/outcome.h"
#include "worker/handlers/sync/sync_comparison.h"

namespace registry_manager {

// Finds and copies what is attached to the images of a sync: signature-like
// tags that come along with them, and referrers without a tag.
class SyncAttachments {
 public:
  // All outlive the object.
  SyncAttachments(ReferrerCopier* copier, ThreadPool* pool)
      : copier_(copier), pool_(pool) {}

  // Sets what is looked for: signature-like tags among `tags`, which are the
  // source's, and referrers if `referrers` is true.
  void LookFor(const std::set<std::string>& tags, bool referrers);

  // Looks into the images of `compared` that are new since the last call, and
  // returns the signature-like tags of these and of what their indexes list,
  // each once. The comparison of an image that cannot be looked into fails.
  // Errors that end the task are returned.
  absl::StatusOr<std::vector<std::string>> Follow(
      std::map<std::string, TagComparison>& compared);

  // Copies what the source's referrers API lists for all that was looked into,
  // also where the target has the image already. `dry`: tells what would be.
  // Not OK: what ends the task. True: something was done, or failed.
  absl::StatusOr<bool> CopyReferrers(bool dry, OutcomeBuilder& outcome);

 private:
  // One image, under whichever tags.
  struct Image {
    ManifestHead head;
    std::vector<TagComparison*> tags;
    // The digests that the image reaches, or why they are not known.
    std::vector<Digest> reached;
    absl::Status status;
  };

  std::vector<Image> TakeNew(std::map<std::string, TagComparison>& compared);
  // Something may be attached to the image; without, no index is read.
  absl::StatusOr<bool> MayHaveAny(const Digest& image);
  std::vector<std::string> TakeTagsOf(const Digest& digest);

  ReferrerCopier* const copier_;
  ThreadPool* const pool_;
  bool referrers_ = false;
  // Signature-like tags that were not returned yet, by what they spell.
  std::multimap<Digest, std::string> waiting_;
  std::set<std::string> looked_into_;
  // All that was reached.
  std::set<Digest> subjects_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SYNC_SYNC_ATTACHMENTS_H_
