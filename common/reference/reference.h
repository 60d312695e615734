// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REFERENCE_REFERENCE_H_
#define REGISTRY_MANAGER_COMMON_REFERENCE_REFERENCE_H_

#include "absl/strings/string_view.h"

namespace registry_manager {

// The grammar of names, of the OCI distribution spec ("Pulling manifests").
// A name that passes can stand in a URL as it is, and holds no "..", no leading
// slash and no control character.

// Lower-case components joined by '/', at most 255 characters.
bool IsRepositoryName(absl::string_view name);

// [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
bool IsTag(absl::string_view tag);

// True for tags that follow the image whose digest they spell, and are never
// judged by rules: "sha256-" and 64 hex digits, or "sha512-" and 128, then
// nothing or a character that is no hex digit, and anything ("….sig", "….att",
// "….sbom", the referrers fallback tag).
bool IsSignatureLikeTag(absl::string_view tag);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REFERENCE_REFERENCE_H_
