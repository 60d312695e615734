// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_PARSE_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_PARSE_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/config/config.h"

namespace registry_manager {

// The things outside a config that it refers to. Each is a function so that
// tests need neither an environment nor files.
struct ConfigSources {
  // The value of an environment variable, nullopt if it is not set.
  std::function<std::optional<std::string>(const std::string& name)>
      environment;
  // The content of a file (`password-file`). Relative paths are relative to
  // the config's own folder: the parser resolves them before it asks.
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
};

// The sources of this process: its environment and its file system.
ConfigSources SystemConfigSources();

// Parses `text`, which was read from `file` (used in messages, and to resolve
// relative paths).
//
// InvalidArgument holds every error of the config (only the first 1,000 that
// were found), one per line, in the order of the file. Each line is
// "FILE:LINE:COLUMN: what is wrong; what would be right", with the column in
// bytes. A text that is not YAML, is larger than 4 MiB or is nested too deep is
// one error. No message ever holds the value of a user name, a password or an
// environment variable.
absl::StatusOr<Config> ParseConfig(absl::string_view file,
                                   absl::string_view text,
                                   const ConfigSources& sources);

// Reads and parses a file, and makes the paths in it absolute. NotFound,
// PermissionDenied or InvalidArgument (too large, not a regular file) if the
// file cannot be read; other codes if the system failed.
absl::StatusOr<Config> LoadConfig(const std::string& file,
                                  const ConfigSources& sources);

// A warning for the user if the config holds passwords and its mode lets other
// users read it; empty if there is nothing to warn about.
std::string ExposureOf(const std::string& file, const Config& config);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_PARSE_H_
