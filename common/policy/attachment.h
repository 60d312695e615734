// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_ATTACHMENT_H_
#define REGISTRY_MANAGER_COMMON_POLICY_ATTACHMENT_H_

#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/policy/delete_plan.h"
#include "common/reference/digest.h"

namespace registry_manager {

// The digest that a signature-like tag spells; nullopt for any other tag, and
// for a tag that spells it in capitals, which is not a digest.
std::optional<Digest> SubjectOfTag(absl::string_view tag);

// The manifests that other manifests of a repository lead to: an index leads to
// its children, and an image to its signature-like tags and referrers. Pure.
// The snapshot must outlive this object.
class Attachments {
 public:
  explicit Attachments(const RepositorySnapshot& snapshot);

  // The manifests that `digest` leads to directly, sorted, without duplicates.
  std::vector<Digest> Of(const Digest& digest) const;
  // All manifests that `digest` leads to, directly or through others, without
  // `digest` itself.
  std::vector<Digest> ReachOf(const Digest& digest) const;

 private:
  const RepositorySnapshot& snapshot_;
  // The digests of signature-like tags and the manifests with a `subject`, by
  // that subject.
  absl::flat_hash_map<Digest, std::vector<Digest>> attached_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_ATTACHMENT_H_
