// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/manifest.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/registry/api/media_types.h"
#include "common/registry/connection/json.h"

namespace registry_manager {
namespace {

using nlohmann::json;

// The largest size that OCI's int64 holds.
constexpr uint64_t kMaxSize = std::numeric_limits<int64_t>::max();

absl::Status Broken(const RawManifest& raw, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("manifest ", raw.digest.str(), ": ", what));
}

absl::StatusOr<Descriptor> ParseDescriptor(const json& value) {
  if (!value.is_object()) {
    return absl::DataLossError("a descriptor in it is no object");
  }
  absl::StatusOr<Digest> digest = Digest::Parse(StringMember(value, "digest"));
  if (!digest.ok()) return absl::DataLossError(digest.status().message());
  const auto size = value.find("size");
  if (size == value.end() || !size->is_number_integer() ||
      (size->is_number_unsigned() ? size->get<uint64_t>() > kMaxSize
                                  : size->get<int64_t>() < 0)) {
    return absl::DataLossError("a descriptor in it has no usable size");
  }
  Descriptor descriptor{StringMember(value, "mediaType"), *std::move(digest),
                        size->get<uint64_t>()};
  const auto urls = value.find("urls");
  descriptor.has_urls =
      urls != value.end() && urls->is_array() && !urls->empty();
  return descriptor;
}

// The member `key`, an array of descriptors; absent or null is empty.
absl::StatusOr<std::vector<Descriptor>> ParseDescriptors(const json& document,
                                                         const char* key) {
  std::vector<Descriptor> result;
  const auto array = document.find(key);
  if (array == document.end() || array->is_null()) return result;
  if (!array->is_array()) {
    return absl::DataLossError(absl::StrCat("its '", key, "' is no list"));
  }
  for (const json& value : *array) {
    ASSIGN_OR_RETURN(Descriptor descriptor, ParseDescriptor(value));
    result.push_back(std::move(descriptor));
  }
  return result;
}

absl::Status FillImage(const json& document, Manifest& manifest) {
  if (document.contains("config") && !document["config"].is_null()) {
    ASSIGN_OR_RETURN(manifest.config, ParseDescriptor(document["config"]));
  }
  // "blobs" is what the OCI artifact manifest called its layers.
  for (const char* key : {"layers", "blobs"}) {
    ASSIGN_OR_RETURN(std::vector<Descriptor> layers,
                     ParseDescriptors(document, key));
    std::move(layers.begin(), layers.end(),
              std::back_inserter(manifest.layers));
  }
  return absl::OkStatus();
}

absl::Status Fill(const json& document, Manifest& manifest) {
  ASSIGN_OR_RETURN(std::vector<Descriptor> children,
                   ParseDescriptors(document, "manifests"));
  if (children.size() > kMaxIndexChildren) {
    return absl::DataLossError(
        absl::StrCat("it lists more than ", kMaxIndexChildren, " manifests"));
  }
  manifest.children = std::move(children);
  RETURN_IF_ERROR(FillImage(document, manifest));
  if (document.contains("subject") && !document["subject"].is_null()) {
    ASSIGN_OR_RETURN(manifest.subject, ParseDescriptor(document["subject"]));
  }
  manifest.artifact_type = StringMember(document, "artifactType");
  return absl::OkStatus();
}

absl::StatusOr<std::optional<absl::Time>> CreatedOf(
    const json& object, const char* key = "created") {
  if (!object.is_object()) {
    return absl::DataLossError("the image's config is no JSON object");
  }
  const auto created = object.find(key);
  if (created == object.end() || created->is_null()) return std::nullopt;
  absl::Time time;
  std::string error;
  if (!created->is_string() ||
      !absl::ParseTime(absl::RFC3339_full, created->get<std::string>(), &time,
                       &error)) {
    return absl::DataLossError(absl::StrCat(
        "the image's creation time ",
        Printable(created->dump(-1, ' ', true, json::error_handler_t::replace)),
        " is no RFC 3339 date"));
  }
  const absl::Time year_2000 =
      absl::FromCivil(absl::CivilYear(2000), absl::UTCTimeZone());
  if (time < year_2000) return std::nullopt;
  return time;
}

bool IsSchema1Document(absl::string_view media_type, const json& document) {
  for (const char* later : {"manifests", "config", "layers"}) {
    if (document.contains(later)) return false;
  }
  const auto version = document.find("schemaVersion");
  return IsSchema1Type(media_type) ||
         (version != document.end() && *version == 1);
}

}  // namespace

bool IsSchema1(absl::string_view media_type, absl::string_view bytes) {
  const absl::StatusOr<json> document = ParseJson(bytes);
  return document.ok() && document->is_object() &&
         IsSchema1Document(media_type, *document);
}

absl::StatusOr<Manifest> ParseManifest(const RawManifest& raw) {
  Manifest manifest;
  absl::StatusOr<json> document = ParseJson(raw.bytes);
  if (!document.ok()) return Broken(raw, document.status().message());
  if (!document->is_object()) return Broken(raw, "it is no JSON object");
  manifest.is_schema1 = IsSchema1Document(raw.media_type, *document);
  if (manifest.is_schema1) return manifest;
  if (const absl::Status status = Fill(*document, manifest); !status.ok()) {
    return Broken(raw, status.message());
  }
  const bool has_image_parts = manifest.config || !manifest.layers.empty();
  if (has_image_parts && document->contains("manifests") &&
      !(*document)["manifests"].is_null()) {
    return Broken(raw, "it is both an index and an image, which is refused");
  }
  const std::string own_type = StringMember(*document, "mediaType");
  manifest.is_index =
      IsIndexType(own_type.empty() ? raw.media_type : own_type) ||
      !manifest.children.empty();
  if (manifest.is_index && has_image_parts) {
    return Broken(raw, "it says that it is an index, and holds an image");
  }
  return manifest;
}

absl::StatusOr<std::optional<absl::Time>> ParseCreated(
    absl::string_view config_bytes) {
  ASSIGN_OR_RETURN(json document, ParseJson(config_bytes));
  return CreatedOf(document);
}

absl::StatusOr<std::optional<absl::Time>> ParseAnnotatedCreated(
    absl::string_view manifest_bytes) {
  ASSIGN_OR_RETURN(json document, ParseJson(manifest_bytes));
  if (!document.is_object()) return std::nullopt;
  const auto annotations = document.find("annotations");
  if (annotations == document.end() || !annotations->is_object()) {
    return std::nullopt;
  }
  return CreatedOf(*annotations, "org.opencontainers.image.created");
}

absl::StatusOr<std::optional<absl::Time>> ParseSchema1Created(
    absl::string_view manifest_bytes) {
  ASSIGN_OR_RETURN(json document, ParseJson(manifest_bytes));
  if (!document.is_object() || !document.contains("history") ||
      !document["history"].is_array()) {
    return absl::DataLossError("the schema 1 manifest has no history");
  }
  std::optional<absl::Time> newest;
  for (const json& entry : document["history"]) {
    ASSIGN_OR_RETURN(std::optional<absl::Time> created,
                     ParseCreated(StringMember(entry, "v1Compatibility")));
    if (created && (!newest || *created > *newest)) newest = *created;
  }
  return newest;
}

}  // namespace registry_manager
