// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_REFERRER_COPIER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_REFERRER_COPIER_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifests.h"

namespace registry_manager {

// The outcome for one referrer.
struct ReferrerOutcome {
  Digest digest;
  absl::Status status;
};

// Finds and copies what is attached to images, between two repositories. An
// interface, so that the rules of a sync are tested without registries.
// Thread-safe.
class ReferrerCopier {
 public:
  virtual ~ReferrerCopier() = default;

  // The digests of the image and, if it is an index, of all that it lists:
  // signatures and referrers may be attached to all of them.
  virtual absl::StatusOr<std::vector<Digest>> Reach(
      const ManifestHead& image) = 0;

  // Whether the source has a referrers API, found out with `subject` if that is
  // not known.
  virtual absl::StatusOr<bool> SourceListsReferrers(const Digest& subject) = 0;

  // Copies the referrers that the source's referrers API lists for `subject`,
  // and everything that is attached to them. Each is copied by itself, even if
  // others fail. Copies nothing if the source has no such API, or was asked
  // about the subject before. Returns what was copied, and what failed.
  virtual absl::StatusOr<std::vector<ReferrerOutcome>> CopyReferrers(
      const Digest& subject) = 0;
  // Returns what CopyReferrers would copy, but only reads.
  virtual absl::StatusOr<std::vector<ReferrerOutcome>> MissingReferrers(
      const Digest& subject) = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_REFERRER_COPIER_H_
