// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_PARTS_H_
#define REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_PARTS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace registry_manager {

// The parts from which a report's page is put together. Pure.

// Escapes text from outside, so that it may stand in the page.
std::string Escape(absl::string_view text);
// The same, as a name of something.
std::string Code(absl::string_view text);
// `inner`, which is HTML, in an element: In("p class='lead'", …).
std::string In(absl::string_view element, absl::string_view inner);
std::string Section(absl::string_view title, absl::string_view inner);
std::string LegendItem(absl::string_view look, absl::string_view words);
std::string LocalTime(int64_t unix_seconds, absl::string_view format);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_REPORT_HTML_PARTS_H_
