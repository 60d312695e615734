// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_UNREADABLE_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_UNREADABLE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/config/error_list.h"

namespace registry_manager {

struct Unreadable {
  Position at;
  std::string message;
};

// The first place where `text` is not what a person reads in an editor: bytes
// that are no UTF-8 (yaml-cpp replaces them silently), control characters
// (YAML 1.2, section 5.1, allows none but tab and line ends; yaml-cpp takes
// some for the end of the file) and characters that reorder what is shown.
std::optional<Unreadable> FindUnreadable(absl::string_view text);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_UNREADABLE_H_
