// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/media_types.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace registry_manager {

absl::string_view WithoutParameters(absl::string_view media_type) {
  return absl::StripAsciiWhitespace(media_type.substr(0, media_type.find(';')));
}

bool IsIndexType(absl::string_view media_type) {
  const absl::string_view type = WithoutParameters(media_type);
  return absl::EqualsIgnoreCase(type, kOciIndex) ||
         absl::EqualsIgnoreCase(type, kDockerList);
}

bool MayBeIndexType(absl::string_view media_type) {
  const absl::string_view type = WithoutParameters(media_type);
  // Guard: unfamiliar-type-is-read
  return !absl::EqualsIgnoreCase(type, kOciManifest) &&
         !absl::EqualsIgnoreCase(type, kDockerManifest) &&
         !absl::EqualsIgnoreCase(type, kOciArtifact) && !IsSchema1Type(type);
}

bool IsManifestType(absl::string_view media_type) {
  return IsIndexType(media_type) || !MayBeIndexType(media_type);
}

bool IsBlobType(absl::string_view media_type) {
  const absl::string_view type = WithoutParameters(media_type);
  return absl::StartsWith(type, "application/vnd.oci.image.layer.") ||
         absl::StartsWith(type, "application/vnd.docker.image.rootfs.") ||
         absl::StartsWith(type, "application/vnd.buildkit.cacheconfig.") ||
         type == kOciConfig || type == kDockerConfig || type == kOciEmpty;
}

bool IsSchema1Type(absl::string_view media_type) {
  return absl::StartsWith(WithoutParameters(media_type),
                          "application/vnd.docker.distribution.manifest.v1+");
}

bool IsForeignLayerType(absl::string_view media_type) {
  return absl::StrContains(media_type, ".foreign.") ||
         absl::StrContains(media_type, ".nondistributable.");
}

}  // namespace registry_manager
