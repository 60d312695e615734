// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/registries_section.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/config/credentials.h"
#include "common/config/environment.h"
#include "common/config/map_reader.h"
#include "common/config/paths.h"
#include "common/config/registry_location.h"
#include "common/config/repository_entries.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

constexpr int kMostConnections = 1000;
// A task that shows no sign of life for longer is given to another worker.
constexpr absl::Duration kLongestListing = absl::Minutes(14);

std::vector<std::string> Keys() {
  return {"registry",       "username",      "password",
          "insecure",       "repositories",  "max-connections",
          "ca-file",        "client-cert",   "client-key",
          "auth-file",      "password-file", "requests-per-second",
          "listing-timeout"};
}

void ReadLocation(const MapReader& reader, RegistryConfig* registry) {
  const YamlNode* node = reader.RequiredScalar("registry", kLocationForm);
  if (node == nullptr) return;
  const std::optional<RegistryLocation> location =
      ReadRegistryLocation(*node, reader.errors());
  if (!location) return;
  registry->address = location->address;
  registry->layout = location->layout;
}

std::optional<double> ReadRate(const MapReader& reader) {
  constexpr absl::string_view kKey = "requests-per-second";
  constexpr absl::string_view kForm =
      "write a number from 0.001 to 1000000, such as 20 or 0.5";
  const YamlNode* node = reader.Scalar(kKey, kForm);
  if (node == nullptr) return std::nullopt;
  const std::string& text = node->text;
  const bool decimal = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(c) || c == '.';
  });
  double rate = 0;
  if (!decimal || !absl::SimpleAtod(text, &rate) || rate < 0.001 ||
      rate > 1e6) {
    AddWrongValue(absl::StrCat("'", kKey, "'"), *node, kForm, reader.errors());
    return std::nullopt;
  }
  return rate;
}

// A folder has none of what makes a registry.
void CheckLayoutKeys(const YamlNode& node, ErrorList* errors) {
  for (const YamlNode::Entry& entry : node.entries) {
    if (entry.key == "registry" || entry.value->kind == YamlNode::Kind::kNull) {
      continue;
    }
    errors->Add(entry.key_at,
                absl::StrCat("'", Printable(entry.key, 80),
                             "' says nothing about a folder; keep only "
                             "'registry' in this entry"));
  }
}

// A file that is read only when a connection is made: that it is there is
// checked now.
std::string ReadPemPath(const MapReader& reader, absl::string_view key,
                        const PathResolver& paths, const ConfigSources& sources,
                        ErrorList* errors) {
  std::string path = paths.Read(reader, key);
  if (path.empty()) return path;
  const absl::Status status = sources.read_file(path).status();
  if (!status.ok()) {
    errors->Add(reader.Find(key)->at,
                absl::StrCat("'", key, "' cannot be read (", status.message(),
                             "); name a file of PEM certificates or keys"));
  }
  return path;
}

RegistryConfig ReadRegistry(const std::string& name, const YamlNode& node,
                            const PathResolver& paths,
                            const ConfigSources& sources, ErrorList* errors) {
  RegistryConfig registry;
  registry.name = name;
  const MapReader reader(node,
                         absl::StrCat("registry '", Printable(name, 80), "'"),
                         Keys(), errors);
  ReadLocation(reader, &registry);
  if (registry.layout) {
    CheckLayoutKeys(node, errors);
    return registry;
  }
  ReadCredentials(reader, paths, sources, &registry);
  registry.insecure = reader.Bool("insecure", registry.insecure);
  registry.ca_file = ReadPemPath(reader, "ca-file", paths, sources, errors);
  registry.client_cert =
      ReadPemPath(reader, "client-cert", paths, sources, errors);
  registry.client_key =
      ReadPemPath(reader, "client-key", paths, sources, errors);
  if (const YamlNode* key = reader.Find("client-key");
      key != nullptr && reader.Find("client-cert") == nullptr) {
    errors->Add(key->at,
                "'client-key' has no 'client-cert' beside it; name the "
                "certificate that the key belongs to");
  }
  registry.max_connections = reader.Int(
      "max-connections", registry.max_connections, 1, kMostConnections);
  registry.requests_per_second = ReadRate(reader);
  registry.listing_timeout =
      reader.Duration("listing-timeout", registry.listing_timeout,
                      absl::Seconds(1), kLongestListing);
  registry.repositories = ReadRepositories(reader);
  return registry;
}

}  // namespace

std::vector<RegistryConfig> ReadRegistries(const YamlNode& node,
                                           const std::string& folder,
                                           const ConfigSources& sources,
                                           ErrorList* errors) {
  std::vector<RegistryConfig> registries;
  constexpr absl::string_view kForm =
      "write a mapping from a name of your own to a registry";
  if (node.kind != YamlNode::Kind::kMap) {
    AddWrongValue("'registries'", node, kForm, errors);
    return registries;
  }
  if (node.entries.empty()) {
    errors->Add(node.at, absl::StrCat("'registries' is empty; ", kForm));
    return registries;
  }
  const PathResolver paths(folder, sources);
  absl::flat_hash_map<std::string, int> first_lines;
  for (const YamlNode::Entry& entry : node.entries) {
    const auto [first, is_first] =
        first_lines.emplace(entry.key, entry.key_at.line);
    if (!is_first) {
      errors->Add(entry.key_at,
                  absl::StrCat("a registry '", Printable(entry.key, 80),
                               "' is on line ", first->second,
                               " already; give each a name of its own"));
      continue;
    }
    if (entry.key.empty() || Printable(entry.key) != entry.key) {
      errors->Add(entry.key_at,
                  absl::StrCat("'", Printable(entry.key, 80),
                               "' cannot name a registry; write a short "
                               "printable name"));
    }
    const auto filled =
        FillInEnvironment(entry.value, sources.environment, errors);
    registries.push_back(
        ReadRegistry(entry.key, *filled, paths, sources, errors));
  }
  return registries;
}

}  // namespace registry_manager
