// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_LINK_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_LINK_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace registry_manager {

// The target of the link with rel="next" among the values of Link headers
// (RFC 8288); nullopt where there is none. The target is returned as it stands.
// Some registries write no rel at all: a link without one counts.
std::optional<std::string> FindNextLink(
    const std::vector<absl::string_view>& headers);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_LINK_H_
