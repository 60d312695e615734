// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_CREDENTIALS_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_CREDENTIALS_H_

#include "common/config/config.h"
#include "common/config/map_reader.h"
#include "common/config/parse.h"
#include "common/config/paths.h"

namespace registry_manager {

// Reads who we are to a registry, from one place only: `username` with either
// `password` or `password-file`, or `auth-file`, or none of these. Empty texts
// count as absent, so that both halves may come from unused variables. No error
// shows any of these values but the path of a file.
void ReadCredentials(const MapReader& reader, const PathResolver& paths,
                     const ConfigSources& sources, RegistryConfig* registry);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_CREDENTIALS_H_
