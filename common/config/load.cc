// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/config/limits.h"
#include "common/config/parse.h"
#include "common/config/read_file.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// So that a worker finds the file from whatever folder it runs in.
void MakeAbsolute(std::string* path) {
  if (path->empty()) return;
  std::error_code error;
  const std::filesystem::path absolute =
      std::filesystem::absolute(*path, error);
  if (!error) *path = absolute.string();
}

}  // namespace

ConfigSources SystemConfigSources() {
  ConfigSources sources;
  sources.environment =
      [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  sources.read_file = [](const std::string& path) {
    return ReadWholeFile(path, kMostPasswordFileBytes);
  };
  return sources;
}

absl::StatusOr<Config> LoadConfig(const std::string& file,
                                  const ConfigSources& sources) {
  const absl::StatusOr<std::string> text =
      ReadWholeFile(file, kMostConfigBytes);
  if (!text.ok()) {
    return absl::Status(
        text.status().code(),
        absl::StrCat("the config '", Printable(file),
                     "' cannot be read: ", text.status().message(),
                     "; name a config file that this user may read"));
  }
  absl::StatusOr<Config> config = ParseConfig(file, *text, sources);
  if (!config.ok()) return config;
  for (RegistryConfig& registry : config->registries) {
    for (std::string* path : {&registry.auth_file, &registry.ca_file,
                              &registry.client_cert, &registry.client_key}) {
      MakeAbsolute(path);
    }
  }
  return config;
}

}  // namespace registry_manager
