// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/link.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/reference/printable.h"

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
    for (const char* quote : {"\"", "'"}) {
      if (absl::ConsumePrefix(&value, quote))
        absl::ConsumeSuffix(&value, quote);
    }
    for (absl::string_view relation : absl::StrSplit(value, ' ')) {
      if (absl::EqualsIgnoreCase(relation, "next")) return true;
    }
  }
  return !has_rel;
}

absl::Status Unreadable(absl::string_view header) {
  return absl::InvalidArgumentError(
      absl::StrCat("the Link header '", Printable(header, 200),
                   "' cannot be read, so that what follows is not known"));
}

// A link whose target has no brackets.
absl::StatusOr<std::optional<std::string>> FindBareLink(
    absl::string_view header) {
  const size_t end = header.find(';');
  const absl::string_view target =
      absl::StripAsciiWhitespace(header.substr(0, end));
  const absl::string_view parameters =
      end == absl::string_view::npos ? "" : header.substr(end + 1);
  if (!IsNext(parameters)) return std::nullopt;
  if (target.empty() || absl::StrContains(target, ' ')) {
    return Unreadable(header);
  }
  return std::string(target);
}

absl::StatusOr<std::optional<std::string>> FindIn(absl::string_view header) {
  const absl::string_view whole = header;
  if (absl::StripAsciiWhitespace(header).empty()) return std::nullopt;
  if (!absl::StrContains(header, '<')) return FindBareLink(header);
  while (true) {
    const size_t open = header.find('<');
    const size_t close = header.find('>', open);
    // Guard: unreadable-link-is-an-error
    if (close == absl::string_view::npos) return Unreadable(whole);
    const absl::string_view target = header.substr(open + 1, close - open - 1);
    // The next link begins at a comma that a "<" follows.
    const size_t next = header.find('<', close);
    absl::string_view parameters = header.substr(
        close + 1, next == absl::string_view::npos ? next : next - close - 1);
    parameters = absl::StripTrailingAsciiWhitespace(parameters);
    absl::ConsumeSuffix(&parameters, ",");
    if (IsNext(parameters)) {
      if (target.empty()) return Unreadable(whole);
      return std::string(target);
    }
    if (next == absl::string_view::npos) return std::nullopt;
    header.remove_prefix(next);
  }
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindNextLink(
    const std::vector<absl::string_view>& headers) {
  for (absl::string_view header : headers) {
    absl::StatusOr<std::optional<std::string>> target = FindIn(header);
    if (!target.ok() || *target) return target;
  }
  return std::nullopt;
}

}  // namespace registry_manager
