// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_REGEX_H_
#define REGISTRY_MANAGER_COMMON_POLICY_REGEX_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace registry_manager {

// The one way in which policies read regular expressions: RE2 syntax,
// unanchored. Internal to policy.

// InvalidArgument says why `regex` does not compile.
absl::StatusOr<std::shared_ptr<const re2::RE2>> CompileRegex(
    absl::string_view regex);

// Whether `regex` matches anywhere in `text`.
bool Matches(const re2::RE2& regex, absl::string_view text);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_REGEX_H_
