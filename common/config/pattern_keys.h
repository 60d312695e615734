// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_PATTERN_KEYS_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_PATTERN_KEYS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/config/error_list.h"
#include "common/config/map_reader.h"
#include "common/config/yaml_tree.h"

namespace registry_manager {

// The value of `keys`: comma-separated texts, trimmed, without the empty ones.
// A text that no tag can contain is an error: in `exclude` it would silently
// protect nothing.
std::vector<std::string> ReadTagKeys(const MapReader& reader,
                                     absl::string_view key);

// The text of a scalar `node` that is a regular expression. One that does not
// compile is an error, which `name` begins.
std::string ReadRegex(const YamlNode& node, absl::string_view name,
                      ErrorList* errors);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_PATTERN_KEYS_H_
