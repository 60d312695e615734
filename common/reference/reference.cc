// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/reference/reference.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace registry_manager {
namespace {

bool IsLowerAlnum(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c);
}

// A separator inside a component: one '.', one or two '_', or any number of
// '-'. Returns its length, 0 where there is none.
size_t SeparatorLength(absl::string_view text) {
  if (text[0] == '.') return 1;
  if (text[0] == '_') return text.size() > 1 && text[1] == '_' ? 2 : 1;
  size_t dashes = 0;
  while (dashes < text.size() && text[dashes] == '-') ++dashes;
  return dashes;
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool IsComponent(absl::string_view text) {
  if (text.empty() || !IsLowerAlnum(text.back())) return false;
  while (!text.empty()) {
    if (!IsLowerAlnum(text[0])) return false;
    while (!text.empty() && IsLowerAlnum(text[0])) text.remove_prefix(1);
    if (text.empty()) return true;
    const size_t separator = SeparatorLength(text);
    if (separator == 0) return false;
    text.remove_prefix(separator);
  }
  return false;
}

}  // namespace

bool IsRepositoryName(absl::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  while (true) {
    const size_t slash = name.find('/');
    if (!IsComponent(name.substr(0, slash))) return false;
    if (slash == absl::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

bool IsTag(absl::string_view tag) {
  if (tag.empty() || tag.size() > 128) return false;
  if (tag[0] == '.' || tag[0] == '-') return false;
  return std::all_of(tag.begin(), tag.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
  });
}

bool IsSignatureLikeTag(absl::string_view tag) {
  const size_t digits = tag.substr(0, 7) == "sha256-"   ? 64
                        : tag.substr(0, 7) == "sha512-" ? 128
                                                        : 0;
  if (digits == 0 || tag.size() < 7 + digits) return false;
  const absl::string_view hex = tag.substr(7, digits);
  if (!std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) return false;
  return tag.size() == 7 + digits || !absl::ascii_isxdigit(tag[7 + digits]);
}

}  // namespace registry_manager
