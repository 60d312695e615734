// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_SETTINGS_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_SETTINGS_H_

#include <string>

#include "common/config/config.h"
#include "coordinator/run/stream.h"
#include "proto/task.pb.h"

namespace registry_manager {

// Makes the settings of a run that are sent to workers. They hold secrets: they
// are never journalled and never logged.
proto::RunSettings SettingsOf(const Config& config, const RunOptions& options,
                              const std::string& run, int retries,
                              bool details);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_SETTINGS_H_
