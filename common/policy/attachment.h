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
// for one that spells it in capitals, which is no digest.
std::optional<Digest> SubjectOfTag(absl::string_view tag);

// What is attached to what in a repository: an index to its children, an image
// to its signature-like tags and referrers. Pure. The snapshot outlives it.
class Attachments {
 public:
  explicit Attachments(const RepositorySnapshot& snapshot);

  // What is attached to `digest` itself, sorted, none twice.
  std::vector<Digest> Of(const Digest& digest) const;
  // All that is attached to it, directly or through others; without itself.
  std::vector<Digest> ReachOf(const Digest& digest) const;

 private:
  const RepositorySnapshot& snapshot_;
  // Signature-like tags' digests, and manifests by their `subject`.
  absl::flat_hash_map<Digest, std::vector<Digest>> attached_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_ATTACHMENT_H_
