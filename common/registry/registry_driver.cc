// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/registry_driver.h"

#include "common/registry/drivers/plain/plain_driver.h"

namespace registry_manager {

std::unique_ptr<RegistryDriver> NewRegistryDriver(
    RegistryConnection* connection, ThreadPool* pool) {
  return NewPlainDriver(connection, pool);
}

}  // namespace registry_manager
