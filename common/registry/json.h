// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_JSON_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_JSON_H_

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

// The texts of the array `key` of the object `text`, read without building the
// document: a registry may list a million tags in one answer. An array that is
// null is empty; an element that is no text becomes "". DataLoss where the text
// is no JSON object, or has no such array: what is not said is not empty.
absl::StatusOr<std::vector<std::string>> ParseStringArray(
    absl::string_view text, absl::string_view key);

// The text member `key` of `object`; "" where it is absent or no text.
std::string StringMember(const nlohmann::json& object, const char* key);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_JSON_H_
