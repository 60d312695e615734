// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/config/limits.h"
#include "common/config/parse.h"
#include "common/os/read_file.h"
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

std::string WhyUnreadable(const absl::Status& status) {
  if (absl::IsNotFound(status)) return "does not exist; check its path";
  if (absl::IsPermissionDenied(status)) {
    return "may not be read by this user; see `ls -l`";
  }
  return absl::StrCat(
      "cannot be read: ", status.message(),
      absl::IsInvalidArgument(status) ? "; name the config file itself" : "");
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
    return absl::Status(text.status().code(),
                        absl::StrCat("the config '", Printable(file), "' ",
                                     WhyUnreadable(text.status())));
  }
  absl::StatusOr<Config> config = ParseConfig(file, *text, sources);
  if (!config.ok()) return config;
  for (RegistryConfig& registry : config->registries) {
    for (std::string* path :
         {&registry.auth_file, &registry.password_file, &registry.ca_file,
          &registry.client_cert, &registry.client_key}) {
      MakeAbsolute(path);
    }
  }
  return config;
}

std::string ExposureOf(const std::string& file, const Config& config) {
  const bool holds_passwords =
      std::any_of(config.registries.begin(), config.registries.end(),
                  [](const RegistryConfig& registry) {
                    return registry.password_in_config;
                  });
  struct stat info = {};
  if (!holds_passwords || stat(file.c_str(), &info) != 0) return "";
  if ((info.st_mode & (S_IRGRP | S_IROTH)) == 0) return "";
  const std::string shown = Printable(file);
  return absl::StrCat(shown, " holds passwords and can be read by others: ",
                      "chmod 600 ", shown);
}

}  // namespace registry_manager
