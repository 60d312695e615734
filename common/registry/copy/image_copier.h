// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_IMAGE_COPIER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_IMAGE_COPIER_H_

#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/concurrency/parallel.h"
#include "common/registry/copy/blob_copier.h"
#include "common/registry/copy/blob_ledger.h"
#include "common/registry/manifests.h"

namespace registry_manager {

// Copies images byte for byte: blobs before the manifest that names them,
// children before their index, everything before the tag. What the target has
// is not sent. Thread-safe.
class ImageCopier {
 public:
  // All outlive the copier.
  ImageCopier(CopyRoute route, BlobLedger* ledger, ThreadPool* pool,
              CopyTally* tally)
      : route_(std::move(route)), ledger_(ledger), pool_(pool), tally_(tally) {}

  // Copies the source's `tag` with all that it reaches, and then puts the tag.
  // The tag on the target stays as it was where anything fails. Unimplemented:
  // schema 1 images cannot be copied.
  absl::Status CopyTag(const std::string& tag);

  // CopyTag(tag) is to copy this, which the tag was just read as, and need not
  // read it again.
  void Remember(const std::string& tag, RawManifest manifest);

  // The digests of the image and, of an index, of all that it lists: what
  // signatures and referrers may be attached to.
  absl::StatusOr<std::vector<Digest>> Reach(const ManifestHead& image);

  // Copies what the source's referrers API lists for `subject`, and what is
  // attached to that; nothing where the source has no such API. Returns the
  // digests copied.
  absl::StatusOr<std::vector<Digest>> CopyReferrers(const Digest& subject);

 private:
  absl::StatusOr<RawManifest> ReadTag(const std::string& tag);
  // Copies all that the manifest needs before it can be pushed.
  absl::Status CopyContent(const RawManifest& raw, const Manifest& manifest,
                           int depth, bool mounts);
  absl::Status CopyChildren(const std::vector<Descriptor>& children, int depth);
  absl::Status CopyBlobs(const Manifest& manifest, bool mounts);
  absl::Status CopyChild(const Descriptor& child, int depth);
  // Copies a manifest that was read, and pushes it as `reference`.
  absl::StatusOr<PutManifestResult> CopyManifest(const RawManifest& raw,
                                                 const std::string& reference,
                                                 int depth);
  absl::StatusOr<bool> CopyReferrer(const Descriptor& referrer,
                                    const Digest& subject);
  // The target has a referrers API, and so keeps no fallback tags.
  absl::StatusOr<bool> TargetFilesReferrers(const Digest& subject);
  // Adds the referrer to the target's fallback tag of its subject.
  absl::Status FileUnderFallbackTag(const RawManifest& referrer,
                                    const Manifest& manifest,
                                    const Digest& subject);
  absl::StatusOr<std::vector<Digest>> CopyReferrersBelow(const Digest& subject,
                                                         int depth);

  const CopyRoute route_;
  BlobLedger* const ledger_;
  ThreadPool* const pool_;
  CopyTally* const tally_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, RawManifest> remembered_;
};

// Adds a descriptor of `referrer` to the OCI index `index_bytes` ("": none
// yet) and returns the new bytes; the same bytes where it is listed already.
// DataLoss where the bytes are no index.
absl::StatusOr<std::string> AddToFallbackIndex(const std::string& index_bytes,
                                               const RawManifest& referrer,
                                               const Manifest& manifest);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_IMAGE_COPIER_H_
