// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/parse.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/config/delete_policy_section.h"
#include "common/config/error_list.h"
#include "common/config/limits.h"
#include "common/config/map_reader.h"
#include "common/config/registries_section.h"
#include "common/config/registry_index.h"
#include "common/config/sync_policy_section.h"
#include "common/config/yaml_tree.h"

namespace registry_manager {
namespace {

// The right places of keys that users write one level too high.
const std::map<std::string, std::string>& KeysOfPolicies() {
  static const auto* const kPlaces = new std::map<std::string, std::string>{
      {"dry-run", "'delete-policy' and in 'sync-policy'"},
      {"start", "'delete-policy' or in 'sync-policy'"},
      {"mix-count", "'delete-policy'"},
      {"sem-ver", "'delete-policy'"},
      {"tags", "'delete-policy'"},
      {"shared-digest", "'delete-policy'"},
      {"dangling-tags", "'delete-policy'"},
      {"from", "'sync-policy'"},
      {"to", "'sync-policy'"},
      {"filters", "'sync-policy'"},
      {"replace", "'sync-policy'"},
      {"engine", "'sync-policy'"}};
  return *kPlaces;
}

Config ReadConfig(const YamlNode& root, const std::string& folder,
                  const ConfigSources& sources, ErrorList* errors) {
  Config config;
  const MapReader reader(root, "the config",
                         {"registries", "delete-policy", "sync-policy"}, errors,
                         KeysOfPolicies());
  if (const YamlNode* registries = reader.Find("registries")) {
    config.registries = ReadRegistries(*registries, folder, sources, errors);
  } else {
    reader.Missing("registries",
                   "write a mapping from a name of your own to a registry");
  }
  const RegistryIndex index(config.registries);
  if (const YamlNode* policy = reader.Find("delete-policy")) {
    config.delete_policy = ReadDeletePolicy(*policy, index, errors);
  }
  if (const YamlNode* policy = reader.Find("sync-policy")) {
    config.sync_policy = ReadSyncPolicy(*policy, index, errors);
  }
  return config;
}

}  // namespace

absl::StatusOr<Config> ParseConfig(absl::string_view file,
                                   absl::string_view text,
                                   const ConfigSources& sources) {
  ErrorList errors;
  Config config;
  if (text.size() > kMostConfigBytes) {
    errors.Add({}, absl::StrCat("the config is larger than ",
                                kMostConfigBytes / (1 << 20),
                                " MiB; is it the right file?"));
  } else if (const auto root = ReadYaml(text, &errors)) {
    const std::string folder =
        std::filesystem::path(std::string(file)).parent_path().string();
    config = ReadConfig(*root, folder, sources, &errors);
  }
  if (!errors.empty()) return errors.ToStatus(file);
  return config;
}

}  // namespace registry_manager
