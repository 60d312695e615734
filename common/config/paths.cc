// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/paths.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {

PathResolver::PathResolver(std::string folder, const ConfigSources& sources)
    : folder_(std::move(folder)), sources_(sources) {}

std::string PathResolver::Read(const MapReader& reader,
                               absl::string_view key) const {
  constexpr absl::string_view kForm = "write the path of a file";
  const YamlNode* node = reader.Scalar(key, kForm);
  if (node == nullptr) return "";
  const std::string& path = node->text;
  if (path.empty() || HoldsControlCharacter(path)) {
    AddWrongValue(absl::StrCat("'", key, "'"), *node, kForm, reader.errors());
    return "";
  }
  if (!absl::StartsWith(path, "~/")) {
    return (std::filesystem::path(folder_) / path).string();
  }
  const std::optional<std::string> home = sources_.environment("HOME");
  if (!home || home->empty()) {
    reader.errors()->Add(
        node->at, absl::StrCat("'", key, "' is '", node->Shown(),
                               "', and the environment variable HOME is not "
                               "set; set it, or write the whole path"));
    return "";
  }
  return absl::StrCat(*home, path.substr(1));
}

bool HoldsControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

}  // namespace registry_manager
