// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_PLAIN_REPOSITORY_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_PLAIN_REPOSITORY_H_

#include <string>

#include "common/registry/connection/connection.h"
#include "common/registry/drivers/capabilities.h"
#include "common/registry/drivers/plain/settling.h"

namespace registry_manager {

// A repository that a task deletes from. Thread-safe.
struct PlainRepository {
  const RegistryClient client;
  const std::string name;
  // The capabilities of the registry; they outlive this object.
  DeletionCapabilities* const capabilities;
  Settling settling = {};
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_PLAIN_REPOSITORY_H_
