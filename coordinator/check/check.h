// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CHECK_CHECK_H_
#define REGISTRY_MANAGER_COORDINATOR_CHECK_CHECK_H_

#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "coordinator/check/finding.h"
#include "coordinator/journal/journal.h"

namespace registry_manager {

// Looks at everything that a config rests on: its registries, beside each
// other; the Redis that is named (nullopt: the private one, whose program is
// looked for); skopeo where the config asks for it. Changes nothing.
std::vector<CheckedPart> Check(const Config& config,
                               const std::optional<RedisEndpoint>& redis);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CHECK_CHECK_H_
