// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_CONFIG_TESTING_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_CONFIG_TESTING_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/config/config.h"
#include "common/config/parse.h"

namespace registry_manager {

// What the tests of this folder share. The config is always called
// "/etc/rm/config.yml", its folder "/etc/rm".

// A world outside of the config. The sources refer to it: it must outlive them.
struct FakeWorld {
  std::map<std::string, std::string> environment;
  // Besides, every file whose name ends in .pem is there, and empty.
  std::map<std::string, std::string> files;

  ConfigSources sources() const;
};

// A config with the one registry "r" on line 2, whose further `keys` begin on
// line 4.
std::string WithKeys(const std::string& keys);

absl::StatusOr<Config> ParseText(absl::string_view text,
                                 const FakeWorld& world = {});

// The errors of a config, without "/etc/rm/config.yml:": "LINE:COLUMN: …".
// Empty where it parses.
std::vector<std::string> ErrorsOf(absl::string_view text,
                                  const FakeWorld& world = {});

// The config, of which a test takes for granted that it parses: otherwise a
// failure with the errors, and an empty config.
Config MustParse(absl::string_view text, const FakeWorld& world = {});

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_CONFIG_TESTING_H_
