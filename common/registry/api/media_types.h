// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_MEDIA_TYPES_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_MEDIA_TYPES_H_

#include "absl/strings/string_view.h"

namespace registry_manager {

inline constexpr absl::string_view kOciIndex =
    "application/vnd.oci.image.index.v1+json";
inline constexpr absl::string_view kOciManifest =
    "application/vnd.oci.image.manifest.v1+json";
inline constexpr absl::string_view kOciArtifact =
    "application/vnd.oci.artifact.manifest.v1+json";
inline constexpr absl::string_view kOciConfig =
    "application/vnd.oci.image.config.v1+json";
inline constexpr absl::string_view kOciEmpty =
    "application/vnd.oci.empty.v1+json";
inline constexpr absl::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr absl::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr absl::string_view kDockerConfig =
    "application/vnd.docker.container.image.v1+json";

// Every media type that a manifest is asked for with. A registry answers a type
// that is not listed with 404, or with another image.
inline constexpr absl::string_view kManifestAccept =
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.artifact.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v1+prettyjws, "
    "application/vnd.docker.distribution.manifest.v1+json, "
    "application/json;q=0.5, */*;q=0.1";

// A Content-Type without "; charset=…".
absl::string_view WithoutParameters(absl::string_view media_type);

// `media_type` is a Content-Type; parameters are ignored.
bool IsIndexType(absl::string_view media_type);
// False where the type is known to be an image's: anything else (none, one that
// a proxy made up, one of tomorrow) has to be read before it is taken for one.
bool MayBeIndexType(absl::string_view media_type);
// True where the type is a manifest's that registries are known to keep.
bool IsManifestType(absl::string_view media_type);
// True where the type is known to be a layer's or a config's: never a manifest.
bool IsBlobType(absl::string_view media_type);
// Docker's schema 1: deprecated, signed, without a digest over its bytes.
bool IsSchema1Type(absl::string_view media_type);
// Layers that are not to be fetched from a registry (`urls` says where from).
bool IsForeignLayerType(absl::string_view media_type);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_MEDIA_TYPES_H_
