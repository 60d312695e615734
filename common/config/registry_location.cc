// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/registry_location.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/config/paths.h"

namespace registry_manager {
namespace {

std::optional<RegistryLocation> ReadLayout(LayoutTarget::Kind kind,
                                           absl::string_view path,
                                           const YamlNode& node,
                                           ErrorList* errors) {
  const auto refuse = [&](absl::string_view why) {
    errors->Add(node.at,
                absl::StrCat("'registry' is '", node.Shown(), "', ", why));
    return std::nullopt;
  };
  while (absl::ConsumeSuffix(&path, "/")) {
  }
  if (!absl::StartsWith(path, "/")) {
    return refuse(
        "whose path does not begin at the root; write oci:/FOLDER or "
        "dir:/FOLDER, or https:// before the address of a registry");
  }
  if (HoldsControlCharacter(path)) {
    return refuse("whose path holds a control character; write a plain path");
  }
  // containers/image, oci/internal: what follows a ':' is the image's name.
  if (kind == LayoutTarget::Kind::kOci && absl::StrContains(path, ':')) {
    return refuse(
        "whose path holds a ':', where a path ends for skopeo; write a folder "
        "without one");
  }
  return RegistryLocation{std::nullopt, LayoutTarget{kind, std::string(path)}};
}

}  // namespace

std::optional<RegistryLocation> ReadRegistryLocation(const YamlNode& node,
                                                     ErrorList* errors) {
  absl::string_view text = node.text;
  if (absl::ConsumePrefix(&text, "oci:")) {
    return ReadLayout(LayoutTarget::Kind::kOci, text, node, errors);
  }
  if (absl::ConsumePrefix(&text, "dir:")) {
    return ReadLayout(LayoutTarget::Kind::kDir, text, node, errors);
  }
  if (absl::StartsWith(text, "docker-archive:")) {
    errors->Add(node.at,
                "'registry' is a docker-archive, which cannot hold indexes, "
                "the images of several platforms; write oci:/FOLDER");
    return std::nullopt;
  }
  if (absl::StrContains(text, '@')) {
    errors->Add(node.at,
                absl::StrCat("'registry' holds an '@', and an address has no "
                             "user name and no password; use the keys "
                             "'username' and 'password', and ",
                             kLocationForm));
    return std::nullopt;
  }
  absl::StatusOr<Address> address = Address::Parse(text);
  if (address.ok()) return RegistryLocation{*std::move(address), std::nullopt};
  // Its message shows the text, which may come from a variable.
  errors->Add(node.at, node.written.empty()
                           ? std::string(address.status().message())
                           : absl::StrCat("'", node.Shown(),
                                          "' stands for what is not "
                                          "a registry address; ",
                                          kLocationForm));
  return std::nullopt;
}

}  // namespace registry_manager
