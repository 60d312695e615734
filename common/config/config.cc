// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/config.h"

#include <algorithm>

namespace registry_manager {

const RegistryConfig* Config::FindRegistry(absl::string_view name) const {
  const auto found = std::find_if(
      registries.begin(), registries.end(),
      [&](const RegistryConfig& registry) { return registry.name == name; });
  return found == registries.end() ? nullptr : &*found;
}

}  // namespace registry_manager
