// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_REGISTRY_INDEX_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_REGISTRY_INDEX_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/config/config.h"
#include "common/config/error_list.h"
#include "common/config/yaml_tree.h"

namespace registry_manager {

// Finds registries by the names that policies call them by. Holds those with
// errors in them too (neither address nor layout), so that one error does not
// make others. Valid as long as `registries`, and they do not move.
class RegistryIndex {
 public:
  explicit RegistryIndex(const std::vector<RegistryConfig>& registries);

  // The registry that the scalar `node` names. Null, and an error, where `node`
  // is no scalar or no registry has that name. `what` is how errors call
  // `node`.
  const RegistryConfig* Resolve(absl::string_view what, const YamlNode& node,
                                ErrorList* errors) const;

 private:
  std::vector<std::string> names_;
  absl::flat_hash_map<std::string, const RegistryConfig*> by_name_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_REGISTRY_INDEX_H_
