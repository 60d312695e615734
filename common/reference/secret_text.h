// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REFERENCE_SECRET_TEXT_H_
#define REGISTRY_MANAGER_COMMON_REFERENCE_SECRET_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace registry_manager {

// The password that a file or a block of text holds: all of it but the line
// breaks at its end, which editors and `|` in YAML add. A key in JSON has
// several lines.
inline std::string SecretIn(absl::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REFERENCE_SECRET_TEXT_H_
