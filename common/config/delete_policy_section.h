// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_DELETE_POLICY_SECTION_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_DELETE_POLICY_SECTION_H_

#include "common/config/config.h"
#include "common/config/error_list.h"
#include "common/config/registry_index.h"
#include "common/config/yaml_tree.h"

namespace registry_manager {

// Reads the value of `delete-policy`.
DeletePolicyConfig ReadDeletePolicy(const YamlNode& node,
                                    const RegistryIndex& registries,
                                    ErrorList* errors);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_DELETE_POLICY_SECTION_H_
