// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CHALLENGE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CHALLENGE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace registry_manager {

// The request of a server for authentication (RFC 9110, section 11.6.1).
struct Challenge {
  // Lower-case: "basic", "bearer".
  std::string scheme;
  // Names are lower-case.
  std::map<std::string, std::string> parameters;

  // The parameter of that name, "" if there is none.
  std::string Get(const std::string& name) const;
};

// The challenges of one WWW-Authenticate value, which may hold several.
// Challenges that cannot be read are left out.
std::vector<Challenge> ParseChallenges(absl::string_view header);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CHALLENGE_H_
