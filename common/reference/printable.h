// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REFERENCE_PRINTABLE_H_
#define REGISTRY_MANAGER_COMMON_REFERENCE_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace registry_manager {

// `text` from outside made fit for a terminal, a log or an error: control
// characters and bytes that are no UTF-8 become "\xNN", and what is longer
// than `limit` bytes is cut with "…".
std::string Printable(absl::string_view text, size_t limit = 256);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REFERENCE_PRINTABLE_H_
