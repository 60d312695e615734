// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_POLICY_RENAME_H_
#define REGISTRY_MANAGER_COMMON_POLICY_RENAME_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// One entry of `sync-policy.replace`.
struct RenameRule {
  std::string old_text;
  std::string new_text;
};

// The name on the target of source repository `name`. The first rule that fits
// is applied, once: `old_text` non-empty and contained in a name of two or more
// components: its first occurrence is replaced; `old_text` empty and the name
// of one component: `new_text` and "/" are put before it. No rule fits: `name`.
//
// InvalidArgument where the rule makes a name that no registry accepts.
absl::StatusOr<std::string> RenameRepository(
    absl::string_view name, const std::vector<RenameRule>& rules);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_POLICY_RENAME_H_
