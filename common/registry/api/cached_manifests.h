// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_CACHED_MANIFESTS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_CACHED_MANIFESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// Reading manifests whose bytes may be known. The registry alone says whether
// it has them, by a HEAD at least, and only that lets known bytes be used: what
// it denies, or calls by another type, is asked for with GetManifest().

// `seen_as`: the media type by which this registry has called the digest a
// moment ago, with these credentials; empty: it was not asked. Without a
// request if the bytes are known and it was asked, by a HEAD if it was not;
// otherwise by a GET.
absl::StatusOr<RawManifest> ReadManifest(const RegistryClient& client,
                                         absl::string_view repository,
                                         const Digest& digest,
                                         std::string seen_as = "");

// The manifest that a tag points at. A HEAD, if there is a cache, and a GET
// unless the bytes are known.
absl::StatusOr<RawManifest> ReadTaggedManifest(const RegistryClient& client,
                                               absl::string_view repository,
                                               absl::string_view tag);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_CACHED_MANIFESTS_H_
