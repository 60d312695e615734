// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_COPY_FALLBACK_INDEX_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_COPY_FALLBACK_INDEX_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifest.h"

namespace registry_manager {

// If a registry has no referrers API, clients keep the referrers of a manifest
// in an index under a tag that spells its digest (OCI distribution spec,
// "Referrers Tag Schema").
std::string FallbackTag(const Digest& subject);
// False for tags with a suffix: these name signatures, not an index of
// signatures.
bool IsFallbackTag(absl::string_view tag);

// Registries file a manifest by the type that it is pushed with. The type that
// the manifest names itself takes precedence over the header that it was read
// with. OCI manifests need not name their type.
RawManifest WithOwnType(RawManifest raw, const Manifest& manifest);

// Adds a descriptor of `referrer` to the OCI index `index_bytes` ("": none yet)
// and returns the new bytes; the same bytes if it is listed already. DataLoss
// if the bytes are not an index.
absl::StatusOr<std::string> AddToFallbackIndex(const std::string& index_bytes,
                                               const RawManifest& referrer,
                                               const Manifest& manifest);

// Adds to the index `index_bytes` all descriptors that `other_bytes` lists and
// that it does not.
absl::StatusOr<std::string> MergeFallbackIndexes(
    const std::string& index_bytes, const std::string& other_bytes);

// True if both are indexes, and the first one lists all that the other one
// does.
bool ListsAllOf(const std::string& index_bytes, const std::string& other_bytes);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_COPY_FALLBACK_INDEX_H_
