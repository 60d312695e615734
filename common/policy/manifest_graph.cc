// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/manifest_graph.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/reference/reference.h"

namespace registry_manager {
namespace {

// Every digest of the snapshot and of `further`, sorted, none twice.
std::vector<const Digest*> AllDigests(const RepositorySnapshot& snapshot,
                                      const std::vector<Digest>& further) {
  std::vector<const Digest*> all;
  all.reserve(further.size() + snapshot.tags.size());
  for (const Digest& digest : further) all.push_back(&digest);
  for (const ResolvedTag& tag : snapshot.tags) all.push_back(&tag.digest);
  for (const auto& [digest, manifest] : snapshot.manifests) {
    all.push_back(&digest);
    for (const Digest& child : manifest.children) all.push_back(&child);
    if (manifest.subject) all.push_back(&*manifest.subject);
  }
  for (const auto& [subject, referrers] : snapshot.referrers) {
    all.push_back(&subject);
    for (const Digest& referrer : referrers) all.push_back(&referrer);
  }
  std::sort(all.begin(), all.end(),
            [](const Digest* a, const Digest* b) { return *a < *b; });
  all.erase(
      std::unique(all.begin(), all.end(),
                  [](const Digest* a, const Digest* b) { return *a == *b; }),
      all.end());
  return all;
}

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

ManifestGraph::ManifestGraph(const RepositorySnapshot& snapshot,
                             const std::vector<std::string>& doomed,
                             const std::vector<Digest>& further)
    : digests(AllDigests(snapshot, further)),
      followers(digests.size()),
      attached(digests.size()),
      doomed_signatures(digests.size()) {
  const absl::flat_hash_set<std::string> doomed_names(doomed.begin(),
                                                      doomed.end());
  for (const ResolvedTag& resolved : snapshot.tags) {
    const bool signature_like = IsSignatureLikeTag(resolved.tag);
    const Tag tag = {
        &resolved.tag, Find(resolved.digest.str()),
        doomed_names.contains(resolved.tag), signature_like,
        signature_like ? Find(SpelledDigest(resolved.tag)) : kUnknown};
    tags.push_back(tag);
    if (tag.subject == kUnknown) continue;
    (tag.doomed ? doomed_signatures : followers)[tag.subject].push_back(
        tag.digest);
  }
  for (const auto& [digest, manifest] : snapshot.manifests) {
    const int parent = Find(digest.str());
    for (const Digest& child : manifest.children) {
      followers[parent].push_back(Find(child.str()));
    }
    if (manifest.subject) {
      const int subject = Find(manifest.subject->str());
      attached[subject].push_back(parent);
      attachments.emplace_back(subject, parent);
    }
  }
  for (const auto& [digest, referrers] : snapshot.referrers) {
    const int subject = Find(digest.str());
    for (const Digest& referrer : referrers) {
      followers[subject].push_back(Find(referrer.str()));
      attachments.emplace_back(subject, Find(referrer.str()));
    }
  }

  std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) {
    const int order = a.name->compare(*b.name);
    return order != 0 ? order < 0 : a.digest < b.digest;
  });
  tags.erase(std::unique(tags.begin(), tags.end(),
                         [](const Tag& a, const Tag& b) {
                           return *a.name == *b.name && a.digest == b.digest;
                         }),
             tags.end());
  for (Edges* edges : {&followers, &attached, &doomed_signatures}) {
    for (std::vector<int>& targets : *edges) SortUnique(targets);
  }
  SortUnique(attachments);
}

int ManifestGraph::Find(const std::string& digest) const {
  const auto found = std::lower_bound(
      digests.begin(), digests.end(), digest,
      [](const Digest* a, const std::string& b) { return a->str() < b; });
  return found != digests.end() && (*found)->str() == digest
             ? static_cast<int>(found - digests.begin())
             : kUnknown;
}

std::string SpelledDigest(const std::string& signature_like_tag) {
  const absl::string_view tag = signature_like_tag;
  const size_t digits = absl::StartsWith(tag, "sha256-") ? 64 : 128;
  return absl::StrCat(tag.substr(0, 6), ":", tag.substr(7, digits));
}

}  // namespace registry_manager
