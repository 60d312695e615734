// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/attachment.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/reference/reference.h"

namespace registry_manager {

std::optional<Digest> SubjectOfTag(absl::string_view tag) {
  if (!IsSignatureLikeTag(tag)) return std::nullopt;
  const absl::string_view algorithm = tag.substr(0, 6);
  absl::StatusOr<Digest> subject = Digest::Parse(absl::StrCat(
      algorithm, ":", tag.substr(7, algorithm == "sha256" ? 64 : 128)));
  if (!subject.ok()) return std::nullopt;
  return *std::move(subject);
}

Attachments::Attachments(const RepositorySnapshot& snapshot)
    : snapshot_(snapshot) {
  for (const ResolvedTag& tag : snapshot.tags) {
    if (const std::optional<Digest> subject = SubjectOfTag(tag.tag)) {
      attached_[*subject].push_back(tag.digest);
    }
  }
  for (const auto& [digest, manifest] : snapshot.manifests) {
    // Guard: attached-is-spared
    if (manifest.subject) attached_[*manifest.subject].push_back(digest);
  }
}

std::vector<Digest> Attachments::Of(const Digest& digest) const {
  std::vector<Digest> attached;
  const auto add = [&](const std::vector<Digest>& digests) {
    attached.insert(attached.end(), digests.begin(), digests.end());
  };
  if (const auto node = snapshot_.manifests.find(digest);
      node != snapshot_.manifests.end()) {
    add(node->second.children);
  }
  if (const auto found = attached_.find(digest); found != attached_.end()) {
    add(found->second);
  }
  if (const auto found = snapshot_.referrers.find(digest);
      found != snapshot_.referrers.end()) {
    add(found->second);
  }
  std::sort(attached.begin(), attached.end());
  attached.erase(std::unique(attached.begin(), attached.end()), attached.end());
  return attached;
}

std::vector<Digest> Attachments::ReachOf(const Digest& digest) const {
  absl::flat_hash_set<Digest> seen = {digest};
  std::vector<Digest> reached = Of(digest);
  std::erase(reached, digest);
  seen.insert(reached.begin(), reached.end());
  for (size_t next = 0; next < reached.size(); ++next) {
    for (const Digest& attached : Of(Digest(reached[next]))) {
      if (seen.insert(attached).second) reached.push_back(attached);
    }
  }
  return reached;
}

}  // namespace registry_manager
