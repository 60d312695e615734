// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/cli/load_config.h"

#include <stdlib.h>

#include <vector>

#include "common/config/parse.h"

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
  for (const std::string& name : asked) {
    if (name != "HOME") unsetenv(name.c_str());
  }
  return config;
}

}  // namespace registry_manager
