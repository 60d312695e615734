// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_BASE_VERSION_H_
#define REGISTRY_MANAGER_COMMON_BASE_VERSION_H_

namespace registry_manager {

// The version of these programs, for people.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_BASE_VERSION_H_
