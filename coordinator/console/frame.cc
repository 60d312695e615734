// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/frame.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/console/terminal_text.h"

namespace registry_manager {
namespace {

// Shown all at once; terminals that do not know it ignore it.
constexpr absl::string_view kBeginUpdate = "\033[?2026h";
constexpr absl::string_view kEndUpdate = "\033[?2026l";
constexpr absl::string_view kEraseLine = "\033[K";
constexpr absl::string_view kEraseBelow = "\033[J";

std::string Up(int rows) {
  return rows > 0 ? absl::StrCat("\033[", rows, "A") : "";
}

// A window that became narrower has wrapped what was drawn.
int RowsOf(const std::vector<int>& widths, int columns) {
  int rows = 0;
  for (const int width : widths) {
    rows += std::max(1, (width + columns - 1) / columns);
  }
  return rows;
}

}  // namespace

std::string Frame::Replace(absl::string_view above,
                           const std::vector<Line>& lines,
                           Display::Size window) {
  if (above.empty() && lines.empty() && widths_.empty()) return "";
  const int columns = std::max(1, window.columns);
  std::string drawn;
  std::vector<int> widths;
  for (const Line& line : lines) {
    absl::StrAppend(&drawn, line.color, line.text,
                    line.color.empty() ? "" : "\033[0m", kEraseLine, "\n");
    widths.push_back(TerminalWidth(line.text));
  }
  if (above.empty() && columns == columns_ && drawn == drawn_) return "";
  // A window that became lower has put the first rows out of reach.
  const int rows =
      std::min(RowsOf(widths_, columns), std::max(1, window.rows - 1));
  std::string text = absl::StrCat(kBeginUpdate, "\r");
  if (rows > 0 && (!above.empty() || lines.empty())) {
    // A line above may be longer than the window: everything goes, the row that
    // may be the first of the screen by itself.
    absl::StrAppend(&text, Up(rows - 1), kEraseBelow, Up(1), kEraseLine);
  } else {
    absl::StrAppend(&text, Up(rows));
  }
  absl::StrAppend(&text, above, drawn, lines.empty() ? "" : kEraseBelow,
                  kEndUpdate);
  widths_ = std::move(widths);
  drawn_ = std::move(drawn);
  columns_ = columns;
  return text;
}

}  // namespace registry_manager
