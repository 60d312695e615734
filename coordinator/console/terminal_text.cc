// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/terminal_text.h"

#include "absl/strings/str_cat.h"

namespace registry_manager {

int TerminalWidth(absl::string_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = text[i];
    if ((byte & 0xC0) == 0x80) continue;
    // From U+1100 on (three bytes: E1 84 80) characters may be wide; those that
    // are drawn here (U+2000 to U+2BFF) are not.
    const bool may_be_wide =
        byte > 0xE1 ||
        (byte == 0xE1 && i + 1 < text.size() && (text[i + 1] & 0xFF) >= 0x84);
    width += may_be_wide && byte != 0xE2 ? 2 : 1;
  }
  return width;
}

std::string CutToWidth(absl::string_view text, int columns) {
  if (TerminalWidth(text) <= columns) return std::string(text);
  size_t size = text.size();
  while (size > 0 && TerminalWidth(text.substr(0, size)) > columns - 1) {
    do {
      --size;
    } while (size > 0 && (text[size] & 0xC0) == 0x80);
  }
  return columns < 1 ? "" : absl::StrCat(text.substr(0, size), "…");
}

std::string ShortenToWidth(absl::string_view text, int columns) {
  if (TerminalWidth(text) <= columns) return std::string(text);
  if (columns < 3) return CutToWidth(text, columns);
  const int tail_columns = columns / 2;
  size_t tail = 0;
  while (tail < text.size() &&
         ((text[tail] & 0xC0) == 0x80 ||
          TerminalWidth(text.substr(tail)) > tail_columns)) {
    ++tail;
  }
  return absl::StrCat(CutToWidth(text, columns - tail_columns),
                      text.substr(tail));
}

}  // namespace registry_manager
