// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_MANIFEST_GRAPH_H_
#define REGISTRY_MANAGER_COMMON_POLICY_MANIFEST_GRAPH_H_

#include <string>
#include <utility>
#include <vector>

#include "common/policy/delete_plan.h"
#include "common/reference/digest.h"

namespace registry_manager {

// A snapshot with numbers for digests, and the ways in which one manifest leads
// to another. Whatever the order of the snapshot, equal snapshots give equal
// graphs. Points into the snapshot, which must outlive the graph. Internal to
// policy.
struct ManifestGraph {
  // Stands for a digest that the snapshot does not mention.
  static constexpr int kUnknown = -1;
  using Edges = std::vector<std::vector<int>>;

  struct Tag {
    const std::string* name;
    int digest;
    bool doomed;
    bool signature_like;
    // The digest that a signature-like tag spells, in lower case only; kUnknown
    // for other tags.
    int subject;
  };

  // `doomed` may name tags that are not in the snapshot. `further` holds
  // digests that the snapshot may not mention, and must outlive the graph.
  ManifestGraph(const RepositorySnapshot& snapshot,
                const std::vector<std::string>& doomed,
                const std::vector<Digest>& further);

  int size() const { return static_cast<int>(digests.size()); }
  // The number of `digest`, or kUnknown.
  int Find(const std::string& digest) const;

  // The digests by number. Sorted, so that numbers and digests have the same
  // order.
  std::vector<const Digest*> digests;
  // Sorted by name.
  std::vector<Tag> tags;
  // The manifests that are deleted along with a manifest: an index's children,
  // the digests of its signature-like tags (except doomed ones) and its
  // referrers.
  Edges followers;
  // The manifests that name a manifest as their `subject`.
  Edges attached;
  // The digests of doomed signature-like tags: they follow no manifest, but are
  // deleted after the manifest that the tag spells.
  Edges doomed_signatures;
  // The pair (subject, manifest) of every attached manifest, whether its own
  // `subject` or the referrers API says so.
  std::vector<std::pair<int, int>> attachments;
};

// The digest that a signature-like tag spells: "sha256:…".
std::string SpelledDigest(const std::string& signature_like_tag);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_MANIFEST_GRAPH_H_
