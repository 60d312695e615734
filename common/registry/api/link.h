// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_LINK_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_LINK_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// The target of the link with rel="next" among the values of Link headers
// (RFC 8288), as it stands; nullopt if there is none. A link without a rel
// counts, and so does a target without its brackets: registries write such.
// InvalidArgument if a header cannot be read: a list must not be taken for
// whole because of that.
absl::StatusOr<std::optional<std::string>> FindNextLink(
    const std::vector<absl::string_view>& headers);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_LINK_H_
