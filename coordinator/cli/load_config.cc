// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/load_config.h"

#include <vector>

#include "common/config/parse.h"
#include "common/process/environment.h"

namespace registry_manager {

absl::StatusOr<Config> LoadConfigFile(const std::string& file) {
  ConfigSources sources = SystemConfigSources();
  std::vector<std::string> asked;
  const auto environment = sources.environment;
  sources.environment = [&](const std::string& name) {
    asked.push_back(name);
    return environment(name);
  };
  absl::StatusOr<Config> config = LoadConfig(file, sources);
  WithholdFromPrograms(asked);
  return config;
}

}  // namespace registry_manager
