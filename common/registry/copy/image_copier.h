// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_IMAGE_COPIER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_IMAGE_COPIER_H_

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/concurrency/parallel.h"
#include "common/registry/api/manifests.h"
#include "common/registry/copy/blob_copier.h"
#include "common/registry/copy/blob_ledger.h"
#include "common/registry/copy/referrer_copier.h"

namespace registry_manager {

// Copies images byte for byte: blobs before the manifest that names them,
// children before their index, everything before the tag. Content that the
// target has is not sent. Thread-safe.
class ImageCopier : public ReferrerCopier {
 public:
  // All outlive the copier.
  ImageCopier(CopyRoute route, BlobLedger* ledger, ThreadPool* pool,
              CopyTally* tally)
      : route_(std::move(route)), ledger_(ledger), pool_(pool), tally_(tally) {}

  // Copies the source's `tag` with all that it reaches, and then puts the tag.
  // The tag on the target stays as it was if anything fails. Unimplemented:
  // schema 1 images cannot be copied.
  absl::Status CopyTag(const std::string& tag);

  // CopyTag(tag) must copy `manifest`, which the tag was just read as, and need
  // not read the tag again.
  void Remember(const std::string& tag, RawManifest manifest);

  absl::StatusOr<std::vector<Digest>> Reach(const ManifestHead& image) override;
  absl::StatusOr<bool> SourceListsReferrers(const Digest& subject) override;
  absl::StatusOr<std::vector<ReferrerOutcome>> CopyReferrers(
      const Digest& subject) override;
  absl::StatusOr<std::vector<ReferrerOutcome>> MissingReferrers(
      const Digest& subject) override;

 private:
  absl::StatusOr<RawManifest> ReadTag(const std::string& tag);
  // Copies all that the manifest needs before it can be pushed.
  absl::Status CopyContent(const RawManifest& raw, const Manifest& manifest,
                           int depth, bool mounts);
  // Copies what is below a manifest that the target has already.
  absl::Status CopyBelow(const RawManifest& raw, int depth, bool mounts);
  absl::Status CopyChildren(const std::vector<Descriptor>& children, int depth,
                            bool mounts);
  absl::Status CopyBlobs(const Manifest& manifest, bool mounts);
  absl::Status CopyChild(const Descriptor& child, int depth, bool mounts);
  // True if `child`, which an index lists, is not a manifest and the source has
  // it as a blob.
  bool IsBlobAtSource(const Descriptor& child);
  // `seen_as` is ReadManifest()'s.
  absl::StatusOr<std::vector<Descriptor>> ChildrenOf(
      const Descriptor& index, const std::string& seen_as);
  // Asks the source's referrers API, once for each subject.
  absl::StatusOr<std::vector<Descriptor>> ReferrersAtSource(
      const Digest& subject);
  absl::Status CopyFallbackTag(const RawManifest& source,
                               const std::string& tag);
  absl::Status PutFallbackIndex(const std::string& tag,
                                const std::string& bytes);
  // Copies a manifest that was read, and pushes it as `reference`.
  absl::StatusOr<PutManifestResult> CopyManifest(const RawManifest& raw,
                                                 const std::string& reference,
                                                 int depth);
  absl::StatusOr<bool> CopyReferrer(const Descriptor& referrer,
                                    const Digest& subject);
  // The fallback index of the target; NotFound if it has none.
  absl::StatusOr<RawManifest> ReadFallbackIndex(const std::string& tag);
  // Adds the referrer to the target's fallback tag of its subject.
  absl::Status FileUnderFallbackTag(const RawManifest& referrer,
                                    const Manifest& manifest,
                                    const Digest& subject);
  // True: the referrer of the subject is copied, or would be.
  using VisitReferrer = std::function<absl::StatusOr<bool>(
      const Descriptor& referrer, const Digest& subject)>;
  absl::StatusOr<std::vector<ReferrerOutcome>> WalkReferrers(
      const Digest& subject, const VisitReferrer& visit, int depth);
  bool IsNewSubject(const Digest& subject);

  const CopyRoute route_;
  BlobLedger* const ledger_;
  ThreadPool* const pool_;
  CopyTally* const tally_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, RawManifest> remembered_;
  // The subjects whose referrers were listed.
  std::set<Digest> subjects_;
  // The referrers that were listed only to find out whether the source has a
  // referrers API.
  absl::flat_hash_map<Digest, std::vector<Descriptor>> listed_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_IMAGE_COPIER_H_
