// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_SETTINGS_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_SETTINGS_H_

#include <string>
#include <vector>

#include "common/config/config.h"
#include "coordinator/run/work_stream.h"
#include "coordinator/scheduler/scheduler.h"
#include "proto/task.pb.h"

namespace registry_manager {

// The entry of the config whose credentials and certificates open a registry.
// Two entries with one address are one registry: the first that has credentials
// counts. nullptr: no entry has that id.
const RegistryConfig* AccessConfigOf(const Config& config,
                                     const std::string& id);

// The budget at a registry. Of two entries with one address the lower limits
// count.
RegistryBudget BudgetOf(const Config& config, const std::string& id);

// Makes the settings of a run that are sent to workers, without what opens the
// registries (coordinator/access). They name the registries of the run's
// streams only.
proto::RunSettings SettingsOf(const Config& config, const RunOptions& options,
                              const std::vector<WorkStream>& streams,
                              const std::string& run, int retries,
                              bool details);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_SETTINGS_H_
