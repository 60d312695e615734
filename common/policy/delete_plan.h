// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_DELETE_PLAN_H_
#define REGISTRY_MANAGER_COMMON_POLICY_DELETE_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/reference/digest.h"

namespace registry_manager {

// The second half of planning a deletion: from doomed tags to the digests that
// may be deleted and the tags that must be removed alone, so that nobody else
// is harmed. Pure: values in, values out; the plan never depends on the order
// of input. docs/deleting.md explains the rules with examples.

// The known facts about one manifest of a repository.
struct ManifestNode {
  // The manifests that an index lists. Empty for an image.
  std::vector<Digest> children;
  // The manifest that this one is attached to (`subject`).
  std::optional<Digest> subject;
};

struct ResolvedTag {
  std::string tag;
  Digest digest;
};

// A repository at one moment, as far as a plan needs it.
struct RepositorySnapshot {
  // Every tag except the dangling and the half removed ones. Signature-like
  // tags are recognised by their names.
  std::vector<ResolvedTag> tags;
  // Every manifest that a tag reaches through indexes, every referrer, and the
  // subject of each manifest with a doomed tag, if the registry has that
  // subject. A digest without an entry is an image, or a manifest that is
  // missing from the registry: it has no children and no subject.
  absl::flat_hash_map<Digest, ManifestNode> manifests;
  // Attached manifests by subject, as the registry's referrers API lists them.
  // Referrers under a fallback tag are children of that (signature-like) tag's
  // index.
  absl::flat_hash_map<Digest, std::vector<Digest>> referrers;
};

// One manifest to delete by its digest, once.
struct DigestDeletion {
  Digest digest;
  // Every tag on the digest: doomed tags, and signature-like tags whose subject
  // is deleted. Sorted. Empty for an untagged child or referrer.
  std::vector<std::string> tags;
  // 0 if no other deletion leads to this one. Otherwise one more than the
  // highest wave of the deletions that lead to it: an index goes before its
  // children, and an image before its signature-like tags and referrers. (If
  // these form a circle, the circle begins at a doomed tag's digest.) Deletions
  // of one wave may run at the same time.
  int wave = 0;
};

// A doomed tag whose digest stays, or a signature-like tag whose subject is
// deleted while its own digest stays.
struct TagRemoval {
  std::string tag;
  Digest digest;
  // The first kept tag, by name, that reaches the digest. Empty in the rare
  // case that no kept tag does: the manifest has a `subject` that is not
  // deleted, and that subject has no tag that stays.
  std::string protected_by;
};

struct DeletePlan {
  // Sorted by wave, then digest.
  std::vector<DigestDeletion> deletions;
  // The tags that must be removed without their manifests. Sorted by tag.
  std::vector<TagRemoval> removals;
  // Every signature-like tag that stays, with the reason. Sorted by tag.
  struct StayingSignature {
    std::string tag;
    std::string reason;
  };
  std::vector<StayingSignature> staying_signatures;
  // Every digest that must survive. Sorted.
  std::vector<Digest> kept;
};

// Plans the deletion of `doomed` tags (each among snapshot.tags; signature-like
// ones only if the config names them).
//
// Every digest that a kept tag reaches is kept: its own, its index's children
// recursively, the signature-like tags of all these and what they reach. A
// signature-like tag or referrer goes only when its subject is deleted in this
// same plan; one that stays keeps what it reaches. The children of a doomed
// index go unless something kept reaches them, or their `subject` stays. Images
// without a tag that no doomed index lists are not touched. n log n.
//
// A doomed tag's own digest stays, even if no kept tag's index lists it, when
// it is attached to a manifest of the repository that stays, whether that
// manifest has a tag or not. If it is attached to nothing in the repository, it
// is deleted, as the doomed tag asks.
//
// `gone` holds the manifests that an earlier attempt at the deletion, which was
// cut short, has deleted already. They count as deleted in this same plan, but
// are not among its deletions. The manifests that they led to, which AddGone
// put into the snapshot, are deleted as they would have been then. `untagged`
// holds the manifests that the earlier attempt was about to delete and had
// removed all tags of, by their names. They are deleted as if they still had a
// doomed tag.
DeletePlan PlanDeletion(const RepositorySnapshot& snapshot,
                        const std::vector<std::string>& doomed,
                        const std::vector<Digest>& gone = {},
                        const std::vector<Digest>& untagged = {});

// A manifest of a plan, as it was recorded before the plan was carried out.
struct IntendedDeletion {
  Digest digest;
  // Manifests of the same plan that lead to it: an index to its children, an
  // image to its signature-like tags and referrers.
  std::vector<Digest> attached_to;
};

// Adds to the snapshot which manifests the `gone` ones led to, according to
// `intended`. The repository itself does not have the `gone` ones any more.
void AddGone(const std::vector<IntendedDeletion>& intended,
             const std::vector<Digest>& gone, RepositorySnapshot& snapshot);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_DELETE_PLAN_H_
