// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_REGISTRIES_SECTION_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_REGISTRIES_SECTION_H_

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/config/error_list.h"
#include "common/config/parse.h"
#include "common/config/yaml_tree.h"

namespace registry_manager {

// Reads the value of `registries`, whose environment variables are not filled
// in yet. Every name gets an entry, also one with errors in it, which then may
// have neither address nor layout. `folder` is what relative paths are relative
// to; empty: the working folder.
std::vector<RegistryConfig> ReadRegistries(const YamlNode& node,
                                           const std::string& folder,
                                           const ConfigSources& sources,
                                           ErrorList* errors);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_REGISTRIES_SECTION_H_
