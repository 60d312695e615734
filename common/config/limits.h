// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_LIMITS_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_LIMITS_H_

#include <cstddef>

namespace registry_manager {

// The largest config that is read. A config that lists 50,000 repositories is
// smaller.
inline constexpr size_t kMostConfigBytes = size_t{4} << 20;
// The largest password file that a config may refer to.
inline constexpr size_t kMostPasswordFileBytes = size_t{64} << 10;

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_LIMITS_H_
