// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_PLAIN_DRIVER_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_PLAIN_DRIVER_H_

#include <memory>

#include "common/concurrency/parallel.h"
#include "common/registry/connection/connection.h"
#include "common/registry/drivers/driver.h"

namespace registry_manager {

// The driver for any registry that follows the distribution spec. Both outlive
// it.
std::unique_ptr<RegistryDriver> NewPlainDriver(RegistryConnection* connection,
                                               ThreadPool* pool);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_PLAIN_DRIVER_H_
