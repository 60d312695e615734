// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/reference/printable.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace registry_manager {
namespace {

// The length of the printable UTF-8 sequence at the front of `text`, 0 where
// there is none. C0, DEL and C1 controls and the bidirectional overrides, which
// reorder what a terminal shows, are not printable.
size_t PrintableSequence(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  // Guard: no-control-characters
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  uint32_t point = lead & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte(i) & 0x3f);
  }
  const bool overlong =
      (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  const bool control = point < 0xa0 || (point >= 0x202a && point <= 0x202e) ||
                       (point >= 0x2066 && point <= 0x2069);
  return overlong || surrogate || control || point > 0x10ffff ? 0 : length;
}

}  // namespace

std::string Printable(absl::string_view text, size_t limit) {
  std::string result;
  while (!text.empty()) {
    if (result.size() >= limit) return absl::StrCat(result, "…");
    const size_t length = PrintableSequence(text);
    if (length > 0) {
      result.append(text.data(), length);
      text.remove_prefix(length);
    } else {
      absl::StrAppendFormat(&result, "\\x%02x", static_cast<uint8_t>(text[0]));
      text.remove_prefix(1);
    }
  }
  return result;
}

}  // namespace registry_manager
