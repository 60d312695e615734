// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_NAME_HASH_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_NAME_HASH_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace registry_manager {

// 64 bits of SHA-256: what stands for a name where a run of a million of them
// is to be remembered. The same in every process.
uint64_t NameHash(absl::string_view name);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_NAME_HASH_H_
