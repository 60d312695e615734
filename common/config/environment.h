// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_ENVIRONMENT_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_ENVIRONMENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/config/error_list.h"
#include "common/config/yaml_tree.h"

namespace registry_manager {

using Environment =
    std::function<std::optional<std::string>(const std::string& name)>;

// `node` with every "${NAME}" in its scalars replaced by that environment
// variable, "$${" by "${", and every other "$" left alone. It works on what
// YAML was parsed into: a variable's value is text, whatever it holds, and is
// not searched for "${" again. Keys stay as they are. An unset variable, and a
// "${" that begins none, is an error, which shows no value.
std::shared_ptr<const YamlNode> FillInEnvironment(
    const std::shared_ptr<const YamlNode>& node, const Environment& environment,
    ErrorList* errors);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_ENVIRONMENT_H_
