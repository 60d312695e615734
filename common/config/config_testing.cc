// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/config_testing.h"

#include <gtest/gtest.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace registry_manager {

ConfigSources FakeWorld::sources() const {
  return {[this](const std::string& name) {
            const auto found = environment.find(name);
            return found == environment.end()
                       ? std::nullopt
                       : std::optional<std::string>(found->second);
          },
          [this](const std::string& path) -> absl::StatusOr<std::string> {
            const auto found = files.find(path);
            if (found != files.end()) return found->second;
            if (absl::EndsWith(path, ".pem") || absl::EndsWith(path, ".json")) {
              return std::string();
            }
            return absl::NotFoundError("no such file");
          }};
}

std::string WithKeys(const std::string& keys) {
  return absl::StrCat("registries:\n  r:\n    registry: https://r.io\n", keys);
}

absl::StatusOr<Config> ParseText(absl::string_view text,
                                 const FakeWorld& world) {
  return ParseConfig("/etc/rm/config.yml", text, world.sources());
}

std::vector<std::string> ErrorsOf(absl::string_view text,
                                  const FakeWorld& world) {
  const absl::StatusOr<Config> config = ParseText(text, world);
  std::vector<std::string> errors;
  if (config.ok()) return errors;
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  for (absl::string_view line :
       absl::StrSplit(config.status().message(), '\n')) {
    EXPECT_TRUE(absl::ConsumePrefix(&line, "/etc/rm/config.yml:")) << line;
    errors.emplace_back(line);
  }
  return errors;
}

Config MustParse(absl::string_view text, const FakeWorld& world) {
  const absl::StatusOr<Config> config = ParseText(text, world);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *config : Config();
}

}  // namespace registry_manager
