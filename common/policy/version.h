// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_VERSION_H_
#define REGISTRY_MANAGER_COMMON_POLICY_VERSION_H_

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace registry_manager {

// A version by the grammar of hashicorp/go-version 1.3, which the seed's
// program used, with `V` allowed beside `v` (docs/deleting.md, "Versions"):
//
//   [v|V] number {"." number} [prerelease] ["+" identifiers]
//
// `prerelease` is "-" and identifiers, or identifiers directly attached where
// the first character is a letter, "-" or "~". So `2018-11-05` and `8f3a9c1b`
// are versions. A value type, always well-formed.
class Version {
 public:
  // nullopt where `text` is not a version.
  static std::optional<Version> Parse(absl::string_view text);

  // SemVer's precedence on these parts: numbers of any length compared as
  // numbers, missing ones as 0; a prerelease before its release; numeric
  // identifiers before others; fewer identifiers before more; metadata ignored.
  // A weak order: 1.0 and 1.0.0 are equivalent.
  friend std::weak_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) {
    return (a <=> b) == 0;
  }

 private:
  Version() = default;

  // Decimal digits without leading zeros, trailing "0" numbers dropped.
  std::vector<std::string> numbers_;
  std::vector<std::string> prerelease_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_VERSION_H_
