// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_PLACEHOLDER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_PLACEHOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// The manifest that a tag is pointed at so that it can be removed alone: an
// image without content, of constant bytes, marked as ours. Deleting it takes
// every tag along that bears it, and nothing else. Its digest never changes
// with a release of this program: tags that were half removed are told by it.
const RawManifest& Placeholder();
// The same image for registries that take OCI's types alone (zot).
const RawManifest& OciPlaceholder();
// The digest is that of one of the two.
bool IsPlaceholder(const Digest& digest);

// Pushes the blobs of both, where they are not there.
absl::Status PushPlaceholderBlobs(const RegistryClient& client,
                                  absl::string_view repository);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_PLACEHOLDER_H_
