// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_MANIFEST_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_MANIFEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/reference/digest.h"

namespace registry_manager {

// The entry of a manifest for one piece of content (OCI image spec,
// descriptor.md).
struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size;
  // True if the content also lies elsewhere (foreign layers).
  bool has_urls = false;
};

// A manifest as it was read: never re-serialised, pushed on as these bytes.
struct RawManifest {
  Digest digest;
  // The Content-Type of the answer, without parameters.
  std::string media_type;
  std::string bytes;
};

// The parts of a manifest that copying and deleting need. Types that are not
// known are read as images: whatever descriptors they hold are followed.
struct Manifest {
  // An index (or Docker manifest list): `children` are its manifests.
  bool is_index = false;
  // Docker schema 1: nothing else is filled in.
  bool is_schema1 = false;
  std::vector<Descriptor> children;
  // The config and the layers of an image.
  std::optional<Descriptor> config;
  std::vector<Descriptor> layers;
  // The manifest that this one is attached to.
  std::optional<Descriptor> subject;
  std::string artifact_type;
};

// The most children that an index may have, and the deepest nesting of indexes
// that is followed.
inline constexpr size_t kMaxIndexChildren = 10000;
inline constexpr int kMaxIndexDepth = 8;

// DataLoss if the bytes are not a manifest: not JSON, nested too deeply, both
// an index and an image (CVE-2021-41190), descriptors without a digest, more
// children than an index may have.
absl::StatusOr<Manifest> ParseManifest(const RawManifest& raw);

// True for Docker's schema 1, by `media_type` or by what the bytes say, unless
// they hold what only later schemas do: nothing is hidden behind a version.
bool IsSchema1(absl::string_view media_type, absl::string_view bytes);

// The `created` of an image's config. nullopt if there is none, or if it is
// before 2000, as in reproducible builds. DataLoss if the bytes are not a JSON
// object or `created` is not a date.
absl::StatusOr<std::optional<absl::Time>> ParseCreated(
    absl::string_view config_bytes);
// The creation time of a schema 1 manifest: the newest entry of its history.
absl::StatusOr<std::optional<absl::Time>> ParseSchema1Created(
    absl::string_view manifest_bytes);

// The creation time that a manifest or index has in its annotation
// `org.opencontainers.image.created` (OCI image spec, annotations.md).
absl::StatusOr<std::optional<absl::Time>> ParseAnnotatedCreated(
    absl::string_view manifest_bytes);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_MANIFEST_H_
