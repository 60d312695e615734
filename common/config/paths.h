// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_PATHS_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_PATHS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/config/map_reader.h"
#include "common/config/parse.h"

namespace registry_manager {

// Reads keys that name files: "~/" is the user's home, and a relative path is
// relative to the config's folder. Does not check whether a file exists.
class PathResolver {
 public:
  // `sources` must outlive this.
  PathResolver(std::string folder, const ConfigSources& sources);

  // Empty if the key is absent or wrong.
  std::string Read(const MapReader& reader, absl::string_view key) const;

 private:
  const std::string folder_;
  const ConfigSources& sources_;
};

// Whether `text` holds an ASCII control character, a line end included.
bool HoldsControlCharacter(absl::string_view text);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_PATHS_H_
