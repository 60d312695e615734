// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_REGISTRY_DRIVER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_REGISTRY_DRIVER_H_

#include <memory>

#include "common/concurrency/parallel.h"
#include "common/registry/connection/connection.h"
#include "common/registry/drivers/driver.h"

namespace registry_manager {

// The driver for the registry, chosen by what the registry is. Registries that
// have no driver of their own, which are all so far, get the plain one. Both
// arguments outlive the driver.
std::unique_ptr<RegistryDriver> NewRegistryDriver(
    RegistryConnection* connection, ThreadPool* pool);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_REGISTRY_DRIVER_H_
