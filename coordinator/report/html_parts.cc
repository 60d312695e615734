// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/html_parts.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"

namespace registry_manager {

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(Printable(text, 1000), {{"&", "&amp;"},
                                                     {"<", "&lt;"},
                                                     {">", "&gt;"},
                                                     {"\"", "&quot;"},
                                                     {"'", "&#39;"}});
}

std::string Code(absl::string_view text) { return In("code", Escape(text)); }

std::string In(absl::string_view element, absl::string_view inner) {
  return absl::StrCat("<", element, ">", inner, "</",
                      element.substr(0, element.find(' ')), ">");
}

std::string Section(absl::string_view title, absl::string_view inner) {
  return absl::StrCat(In("section", absl::StrCat(In("h2", title), "\n", inner)),
                      "\n");
}

std::string LegendItem(absl::string_view look, absl::string_view words) {
  return In("li", absl::StrCat("<i class='", look, "'></i>", words));
}

std::string LocalTime(int64_t unix_seconds, absl::string_view format) {
  return absl::FormatTime(format, absl::FromUnixSeconds(unix_seconds),
                          absl::LocalTimeZone());
}

}  // namespace registry_manager
