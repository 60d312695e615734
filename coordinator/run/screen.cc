// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

// What waits is printed without a Draw where it grows beyond.
constexpr size_t kMaxWaiting = 1000;

bool IsCapable() {
  const char* terminal = getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && terminal != nullptr &&
         absl::string_view(terminal) != "dumb";
}

// https://no-color.org
bool WantsColor() {
  const char* value = getenv("NO_COLOR");
  return value == nullptr || *value == '\0';
}

void Print(FILE* stream, absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stream);
}

const char* ColorOf(Display::Line::Kind kind) {
  switch (kind) {
    case Display::Line::Kind::kHeader:
      return "\033[1m";
    case Display::Line::Kind::kWarning:
      return "\033[33m";
    case Display::Line::Kind::kFailure:
      return "\033[31m";
    default:
      return "";
  }
}

}  // namespace

Screen::Screen(bool wants_display)
    : is_live_(wants_display && IsCapable()),
      shares_terminal_(isatty(STDOUT_FILENO) != 0),
      has_color_(WantsColor()) {}

Display::Size Screen::size() const {
  winsize window = {};
  Display::Size size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
    size = {window.ws_col, std::max<int>(window.ws_row, 2)};
  }
  return size;
}

void Screen::Out(absl::string_view line) {
  if (is_live_ && shares_terminal_) {
    waiting_.push_back({false, std::string(line)});
    if (waiting_.size() > kMaxWaiting) Clear();
    return;
  }
  Print(stdout, absl::StrCat(line, "\n"));
}

void Screen::Err(absl::string_view line) {
  if (is_live_) {
    waiting_.push_back({true, std::string(line)});
    if (waiting_.size() > kMaxWaiting) Clear();
    return;
  }
  Print(stderr, absl::StrCat(line, "\n"));
}

void Screen::Draw(const std::vector<Display::Line>& lines) {
  if (!is_live_) return;
  Erase();
  PrintWaiting();
  std::string text;
  for (const Display::Line& line : lines) {
    const char* color = has_color_ ? ColorOf(line.kind) : "";
    absl::StrAppend(&text, color, line.text, *color != '\0' ? "\033[0m" : "",
                    "\n");
    drawn_.push_back(TerminalWidth(line.text));
  }
  Print(stderr, text);
  fflush(stderr);
}

void Screen::Clear() {
  Erase();
  PrintWaiting();
}

// A window that became narrower has wrapped what was drawn.
void Screen::Erase() {
  if (drawn_.empty()) return;
  const int columns = std::max(1, size().columns);
  int rows = 0;
  for (const int width : drawn_) {
    rows += std::max(1, (width + columns - 1) / columns);
  }
  drawn_.clear();
  Print(stderr, absl::StrCat("\r\033[", rows, "A\033[J"));
  fflush(stderr);
}

void Screen::PrintWaiting() {
  for (const Waiting& one : waiting_) {
    Print(one.is_error ? stderr : stdout, absl::StrCat(one.line, "\n"));
    // Two streams, one terminal: the order is to be that of events.
    if (!one.is_error) fflush(stdout);
  }
  waiting_.clear();
  fflush(stderr);
}

}  // namespace registry_manager
