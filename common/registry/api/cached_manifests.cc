// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/cached_manifests.h"

#include <optional>
#include <utility>

#include "common/registry/api/content_cache.h"

namespace registry_manager {
namespace {

std::optional<RawManifest> Find(const RegistryClient& client,
                                const Digest& digest) {
  ContentCache* const cache = client.connection->content_cache;
  if (cache == nullptr) return std::nullopt;
  return cache->FindManifest(digest);
}

}  // namespace

absl::StatusOr<RawManifest> ReadManifest(const RegistryClient& client,
                                         absl::string_view repository,
                                         const Digest& digest,
                                         std::string seen_as) {
  std::optional<RawManifest> known = Find(client, digest);
  if (known && seen_as.empty()) {
    absl::StatusOr<ManifestHead> head =
        HeadManifest(client, repository, digest.str());
    if (head.ok()) seen_as = std::move(head->media_type);
  }
  // Guard: known-does-not-mean-present
  if (known && !seen_as.empty() && known->media_type == seen_as) {
    return *std::move(known);
  }
  return GetManifest(client, repository, digest.str());
}

absl::StatusOr<RawManifest> ReadTaggedManifest(const RegistryClient& client,
                                               absl::string_view repository,
                                               absl::string_view tag) {
  if (client.connection->content_cache != nullptr) {
    const absl::StatusOr<ManifestHead> head =
        HeadManifest(client, repository, tag);
    if (head.ok() && !head->media_type.empty()) {
      std::optional<RawManifest> known = Find(client, head->digest);
      if (known && known->media_type == head->media_type) {
        return *std::move(known);
      }
    }
  }
  return GetManifest(client, repository, tag);
}

}  // namespace registry_manager
