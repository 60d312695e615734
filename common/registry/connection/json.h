// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_JSON_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// JSON from outside. Nothing here throws.

// DataLoss where `text` is not JSON, or nested deeper than any document of this
// field (64).
absl::StatusOr<nlohmann::json> ParseJson(absl::string_view text);

// A list of names, as the Registry API writes one: {"name": …, KEY: [ … ]}.
struct NameList {
  // The repository that the list says it is of; empty: it does not say.
  std::string name;
  std::vector<std::string> values;
};

// The array `key` of the object `text` and its member `name`, read without
// building the document: a registry may list a million tags in one answer. An
// array that is null is empty; an element that is not a text becomes "".
// DataLoss if the text is not a JSON object, has no such array (a list that is
// not there is not an empty one), or has a name that is not a text.
absl::StatusOr<NameList> ParseNameList(absl::string_view text,
                                       absl::string_view key);

// The text member `key` of `object`; "" where it is absent or no text.
std::string StringMember(const nlohmann::json& object, const char* key);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_JSON_H_
