// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_MANIFESTS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_MANIFESTS_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// The answer to a HEAD of a manifest.
struct ManifestHead {
  Digest digest;
  std::string media_type;
};

// `reference` is a tag or a digest. Errors: NotFound if there is no such
// manifest.

// Takes the digest from the header. A registry that sends none is asked with a
// GET.
absl::StatusOr<ManifestHead> HeadManifest(const RegistryClient& client,
                                          absl::string_view repository,
                                          absl::string_view reference);
// Asks as HeadManifest() does for a tag that is listed: some registries and
// proxies answer a HEAD with 404 although a GET finds the manifest. If a
// registry always does so, that is remembered.
absl::StatusOr<ManifestHead> HeadListedTag(const RegistryClient& client,
                                           absl::string_view repository,
                                           absl::string_view tag);

// Every byte is verified: against `reference` if it is a digest, and against
// the digest of the header. DataLoss if they differ, and reading again (a few
// times) does not help. Schema 1 manifests, which are signed within, are taken
// by the header alone.
absl::StatusOr<RawManifest> GetManifest(const RegistryClient& client,
                                        absl::string_view repository,
                                        absl::string_view reference);

// Whether the repository has the manifest, found out by a GET: caches and
// proxies answer a HEAD with 404 if they have not seen a GET.
absl::StatusOr<bool> HasManifest(const RegistryClient& client,
                                 absl::string_view repository,
                                 const Digest& digest);

struct PutManifestResult {
  // The registry files it under its subject itself (the header OCI-Subject);
  // otherwise the client keeps the fallback tag.
  bool subject_filed = false;
};

// Pushes the bytes as they are. InvalidArgument with the registry's code
// MANIFEST_BLOB_UNKNOWN if something that the manifest names is missing.
// `before_send` is that of RegistryRequest; with it the request is sent once.
absl::StatusOr<PutManifestResult> PutManifest(
    const RegistryClient& client, absl::string_view repository,
    absl::string_view reference, const RawManifest& manifest,
    std::function<absl::Status()> before_send = nullptr);

// Sends one DELETE, never again. OK: the registry answered 200 or 202. NotFound
// and others by errors.h; what an answer (or none) means is for the caller to
// judge by state. `pass` and `before_send` are RegistryRequest's.
absl::Status DeleteManifest(
    const RegistryClient& client, absl::string_view repository,
    absl::string_view reference, GatePass* pass = nullptr,
    std::function<absl::Status()> before_send = nullptr);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_MANIFESTS_H_
