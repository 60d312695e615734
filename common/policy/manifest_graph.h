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
// graphs. Points into the snapshot, which outlives it. Internal to policy.
struct ManifestGraph {
  // Stands for a digest that the snapshot does not mention.
  static constexpr int kUnknown = -1;
  using Edges = std::vector<std::vector<int>>;

  struct Tag {
    const std::string* name;
    int digest;
    bool doomed;
    bool signature_like;
    // Of a signature-like tag: the digest that it spells, in lower case only.
    int subject;
  };

  // Tags that are not in the snapshot may be among `doomed`. Digests that the
  // snapshot may not mention are in `further`; it outlives the graph.
  ManifestGraph(const RepositorySnapshot& snapshot,
                const std::vector<std::string>& doomed,
                const std::vector<Digest>& further);

  int size() const { return static_cast<int>(digests.size()); }
  // The number of `digest`, or kUnknown.
  int Find(const std::string& digest) const;

  // By number. Sorted, so that the order of numbers is that of digests.
  std::vector<const Digest*> digests;
  // Sorted by name.
  std::vector<Tag> tags;
  // What goes with a manifest: an index's children, the digests of its
  // signature-like tags (but doomed ones), its referrers.
  Edges followers;
  // Manifests whose `subject` it is.
  Edges attached;
  // Doomed signature-like tags' digests: they follow nobody, yet go later.
  Edges doomed_signatures;
  // (subject, manifest) of every attached manifest, wherever it is said so.
  std::vector<std::pair<int, int>> attachments;
};

// The digest that a signature-like tag spells: "sha256:…".
std::string SpelledDigest(const std::string& signature_like_tag);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_MANIFEST_GRAPH_H_
