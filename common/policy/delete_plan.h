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

// What is known of one manifest of a repository.
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
  // Every tag but the dangling and the half removed ones. Signature-like tags
  // are told by their names.
  std::vector<ResolvedTag> tags;
  // Every manifest that some tag reaches through indexes, every referrer, and
  // the subject of what a doomed tag bears, where the registry has it. A digest
  // without an entry is an image, or a manifest that is missing from the
  // registry: it has no children and no subject.
  absl::flat_hash_map<Digest, ManifestNode> manifests;
  // Attached manifests by subject, of the registry's referrers API. Those of
  // the fallback tag are children of that (signature-like) tag's index.
  absl::flat_hash_map<Digest, std::vector<Digest>> referrers;
};

// One manifest to delete by its digest, once.
struct DigestDeletion {
  Digest digest;
  // Every tag that it bears: doomed ones, and signature-like ones whose subject
  // goes. Sorted. Empty for an untagged child or referrer.
  std::vector<std::string> tags;
  // 0 for what nothing else to be deleted leads to; otherwise one more than the
  // highest wave of those that lead to it: an index before its children, an
  // image before its signature-like tags and referrers. (Where that leads round
  // in a circle, the circle begins at a doomed tag's digest.) Deletions of one
  // wave may run beside each other.
  int wave = 0;
};

// A doomed tag whose digest stays, or a signature-like one whose subject goes
// and whose digest stays.
struct TagRemoval {
  std::string tag;
  Digest digest;
  // The kept tag that reaches the digest, the first by name. Empty in the rare
  // case that none does: on a manifest whose own `subject` is not deleted, and
  // has no tag that stays.
  std::string protected_by;
};

struct DeletePlan {
  // Sorted by wave, then digest.
  std::vector<DigestDeletion> deletions;
  // To be removed alone. Sorted by tag.
  std::vector<TagRemoval> removals;
  // Every signature-like tag that stays, with why. Sorted by tag.
  struct StayingSignature {
    std::string tag;
    std::string reason;
  };
  std::vector<StayingSignature> staying_signatures;
  // Every digest that must survive. Sorted.
  std::vector<Digest> kept;
};

// Plans the deletion of `doomed` tags (each among snapshot.tags; signature-like
// ones only where the config names them).
//
// Kept is every digest that a kept tag reaches: its own, its index's children
// recursively, the signature-like tags of all these and what they reach. A
// signature-like tag or referrer goes only when its subject is deleted in this
// same plan; one that stays keeps what it reaches. The children of a doomed
// index go unless something kept reaches them, or their `subject` stays.
// Images without a tag that no doomed index lists are not touched. n log n.
//
// A doomed tag's own digest stays, although no kept tag's index lists it, where
// it is attached to a manifest of the repository that stays, with a tag or
// without. Attached to nothing in the repository it goes, as the tag says.
//
// `gone` is what an earlier attempt at the deletion, which was cut short, has
// deleted already. It counts as deleted in this same plan, but is not among its
// deletions: what it led to, as AddGone put it into the snapshot, goes with it
// as it would have gone then. `untagged` is what that attempt was about to
// delete and had removed all tags of, by their names: it goes as if a doomed
// tag were on it still.
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

// Puts what `gone` manifests led to, by what was `intended`, into the snapshot
// of a repository that does not have them any more.
void AddGone(const std::vector<IntendedDeletion>& intended,
             const std::vector<Digest>& gone, RepositorySnapshot& snapshot);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_DELETE_PLAN_H_
