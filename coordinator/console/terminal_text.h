// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CONSOLE_TERMINAL_TEXT_H_
#define REGISTRY_MANAGER_COORDINATOR_CONSOLE_TERMINAL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace registry_manager {

// Returns how many columns of a terminal a text takes.
int TerminalWidth(absl::string_view text);
// `text` cut to so many columns, with "…" where something is left out.
std::string CutToWidth(absl::string_view text, int columns);
// The same, with the "…" in the middle: names differ at their ends.
std::string ShortenToWidth(absl::string_view text, int columns);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CONSOLE_TERMINAL_TEXT_H_
