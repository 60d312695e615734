// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_DOCKER_HUB_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_DOCKER_HUB_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/reference/address.h"

namespace registry_manager {

// Docker Hub is known by names that are not the address of its API.
bool IsDockerHub(const Address& address);

// The address of a registry's API: "https://host:port/prefix".
std::string ApiBase(const Address& address);

// The repository's name in the API: on Docker Hub, "redis" is "library/redis".
std::string ApiRepository(const Address& address, absl::string_view repository);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_DOCKER_HUB_H_
