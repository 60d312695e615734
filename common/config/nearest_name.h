// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_NEAREST_NAME_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_NEAREST_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace registry_manager {

// The end of an error about a `name` that is none of `known`: "; did you mean
// 'mix-count'?" where one is near, otherwise "; NAMES_ARE a, b, c" (the first
// ones of many). Near is: differing in case or in '_' for '-' only, or by an
// edit distance (insertion, deletion, replacement, swap of neighbours) of at
// most a third of the longer name, rounded up. Of equally near ones the first.
std::string SuggestName(absl::string_view name,
                        const std::vector<std::string>& known,
                        absl::string_view names_are);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_NEAREST_NAME_H_
