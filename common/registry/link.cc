// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/link.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace registry_manager {
namespace {

// True where the link's parameters say that it is the next page.
bool IsNext(absl::string_view parameters) {
  bool has_rel = false;
  for (absl::string_view parameter : absl::StrSplit(parameters, ';')) {
    parameter = absl::StripAsciiWhitespace(parameter);
    const size_t equals = parameter.find('=');
    if (equals == absl::string_view::npos ||
        !absl::EqualsIgnoreCase(
            absl::StripAsciiWhitespace(parameter.substr(0, equals)), "rel")) {
      continue;
    }
    has_rel = true;
    absl::string_view value =
        absl::StripAsciiWhitespace(parameter.substr(equals + 1));
    if (absl::ConsumePrefix(&value, "\"")) absl::ConsumeSuffix(&value, "\"");
    for (absl::string_view relation : absl::StrSplit(value, ' ')) {
      if (absl::EqualsIgnoreCase(relation, "next")) return true;
    }
  }
  return !has_rel;
}

}  // namespace

std::optional<std::string> FindNextLink(
    const std::vector<absl::string_view>& headers) {
  for (absl::string_view header : headers) {
    while (true) {
      const size_t open = header.find('<');
      if (open == absl::string_view::npos) break;
      const size_t close = header.find('>', open);
      if (close == absl::string_view::npos) break;
      const absl::string_view target =
          header.substr(open + 1, close - open - 1);
      // The next link begins at a comma that a "<" follows.
      const size_t next = header.find('<', close);
      absl::string_view parameters = header.substr(
          close + 1, next == absl::string_view::npos ? next : next - close - 1);
      parameters = absl::StripTrailingAsciiWhitespace(parameters);
      absl::ConsumeSuffix(&parameters, ",");
      if (!target.empty() && IsNext(parameters)) return std::string(target);
      if (next == absl::string_view::npos) break;
      header.remove_prefix(next);
    }
  }
  return std::nullopt;
}

}  // namespace registry_manager
