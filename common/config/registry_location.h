// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_REGISTRY_LOCATION_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_REGISTRY_LOCATION_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "common/config/config.h"
#include "common/config/error_list.h"
#include "common/config/yaml_tree.h"
#include "common/reference/address.h"

namespace registry_manager {

// The value of a registry's `registry`. Exactly one of the two is set.
struct RegistryLocation {
  std::optional<Address> address;
  std::optional<LayoutTarget> layout;
};

inline constexpr absl::string_view kLocationForm =
    "write https://HOST[:PORT][/PREFIX] or http://HOST[:PORT][/PREFIX]";

// nullopt, and an error, where the scalar `node` is neither an address nor a
// folder that skopeo writes. An address with a password in it is not shown.
std::optional<RegistryLocation> ReadRegistryLocation(const YamlNode& node,
                                                     ErrorList* errors);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_REGISTRY_LOCATION_H_
