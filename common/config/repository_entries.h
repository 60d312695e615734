// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_REPOSITORY_ENTRIES_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_REPOSITORY_ENTRIES_H_

#include <optional>
#include <vector>

#include "common/config/config.h"
#include "common/config/map_reader.h"

namespace registry_manager {

// Reads `repositories`: nullopt, the whole catalogue, where it is absent or
// null. An empty list is an error, for it says neither all nor what. Entries
// that are there twice are read once.
std::optional<std::vector<RepositoryEntry>> ReadRepositories(
    const MapReader& reader);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_REPOSITORY_ENTRIES_H_
