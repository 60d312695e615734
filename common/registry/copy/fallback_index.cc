// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/fallback_index.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/policy/attachment.h"
#include "common/registry/api/media_types.h"
#include "common/registry/connection/json.h"

namespace registry_manager {
namespace {

using nlohmann::json;

absl::StatusOr<json> ReadIndex(const std::string& bytes) {
  ASSIGN_OR_RETURN(json index, ParseJson(bytes));
  if (!index.is_object() || !index.contains("manifests") ||
      !index["manifests"].is_array()) {
    return absl::DataLossError("the fallback tag holds no index");
  }
  return index;
}

std::set<std::string> DigestsOf(const json& index) {
  std::set<std::string> digests;
  for (const json& entry : index["manifests"]) {
    digests.insert(StringMember(entry, "digest"));
  }
  return digests;
}

std::string BytesOf(const json& index) {
  return index.dump(-1, ' ', false, json::error_handler_t::replace);
}

json EntryOf(const RawManifest& referrer, const Manifest& manifest) {
  json entry = {{"mediaType", WithOwnType(referrer, manifest).media_type},
                {"digest", referrer.digest.str()},
                {"size", referrer.bytes.size()}};
  // OCI distribution spec, "Pushing Manifests with Subject".
  const std::string artifact_type =
      !manifest.artifact_type.empty() ? manifest.artifact_type
      : manifest.config               ? manifest.config->media_type
                                      : "";
  if (!artifact_type.empty()) entry["artifactType"] = artifact_type;
  const absl::StatusOr<json> document = ParseJson(referrer.bytes);
  if (document.ok() && document->contains("annotations")) {
    entry["annotations"] = (*document)["annotations"];
  }
  return entry;
}

}  // namespace

std::string FallbackTag(const Digest& subject) {
  return absl::StrCat(subject.algorithm(), "-", subject.hex().substr(0, 64));
}

bool IsFallbackTag(absl::string_view tag) {
  const std::optional<Digest> subject = SubjectOfTag(tag);
  return subject &&
         absl::StrCat(subject->algorithm(), "-", subject->hex()) == tag;
}

RawManifest WithOwnType(RawManifest raw, const Manifest& manifest) {
  const absl::StatusOr<json> document = ParseJson(raw.bytes);
  const std::string own =
      document.ok() ? StringMember(*document, "mediaType") : "";
  if (!own.empty()) {
    raw.media_type = own;
  } else if (!absl::StartsWith(raw.media_type, "application/vnd.")) {
    raw.media_type = std::string(manifest.is_index ? kOciIndex : kOciManifest);
  }
  return raw;
}

absl::StatusOr<std::string> AddToFallbackIndex(const std::string& index_bytes,
                                               const RawManifest& referrer,
                                               const Manifest& manifest) {
  json index = {{"schemaVersion", 2},
                {"mediaType", std::string(kOciIndex)},
                {"manifests", json::array()}};
  if (!index_bytes.empty()) {
    ASSIGN_OR_RETURN(index, ReadIndex(index_bytes));
  }
  if (DigestsOf(index).contains(referrer.digest.str())) return index_bytes;
  index["manifests"].push_back(EntryOf(referrer, manifest));
  return BytesOf(index);
}

absl::StatusOr<std::string> MergeFallbackIndexes(
    const std::string& index_bytes, const std::string& other_bytes) {
  ASSIGN_OR_RETURN(json index, ReadIndex(index_bytes));
  ASSIGN_OR_RETURN(const json other, ReadIndex(other_bytes));
  std::set<std::string> listed = DigestsOf(index);
  const size_t before = listed.size();
  for (const json& entry : other["manifests"]) {
    if (!listed.insert(StringMember(entry, "digest")).second) continue;
    index["manifests"].push_back(entry);
  }
  return listed.size() > before ? BytesOf(index) : index_bytes;
}

bool ListsAllOf(const std::string& index_bytes,
                const std::string& other_bytes) {
  const absl::StatusOr<json> index = ReadIndex(index_bytes);
  const absl::StatusOr<json> other = ReadIndex(other_bytes);
  if (!index.ok() || !other.ok()) return false;
  const std::set<std::string> listed = DigestsOf(*index);
  const std::set<std::string> wanted = DigestsOf(*other);
  return std::includes(listed.begin(), listed.end(), wanted.begin(),
                       wanted.end());
}

}  // namespace registry_manager
