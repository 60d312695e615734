// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/screen.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

// When the lines that wait grow beyond this size, they are printed without a
// Draw.
constexpr size_t kMaxWaiting = size_t{64} << 10;

bool IsCapable(int file) {
  const char* terminal = getenv("TERM");
  return isatty(file) != 0 && terminal != nullptr &&
         absl::string_view(terminal) != "dumb";
}

bool HasUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string locale = absl::AsciiStrToLower(value);
    return absl::StrContains(locale, "utf-8") ||
           absl::StrContains(locale, "utf8");
  }
  return false;
}

// Standard output is the terminal that standard error is.
bool IsSameTerminal() {
  struct stat out, err;
  return isatty(STDOUT_FILENO) != 0 && fstat(STDOUT_FILENO, &out) == 0 &&
         fstat(STDERR_FILENO, &err) == 0 && out.st_rdev == err.st_rdev;
}

void Print(FILE* stream, absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stream);
}

// In one piece, where the terminal takes it.
void WriteToTerminal(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(written);
    } else if (errno == EAGAIN) {
      pollfd fd = {STDERR_FILENO, POLLOUT, 0};
      poll(&fd, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
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

bool MayColor(int file) {
  const char* value = getenv("NO_COLOR");
  return IsCapable(file) && (value == nullptr || *value == '\0');
}

Screen::Screen(bool wants_display)
    : is_live_(wants_display && IsCapable(STDERR_FILENO)),
      shares_terminal_(IsSameTerminal()),
      has_color_(MayColor(STDERR_FILENO)),
      is_utf8_(HasUtf8()) {}

Display::Size Screen::size() const {
  winsize window = {};
  Display::Size size;
  size.is_utf8 = is_utf8_;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
    size.columns = window.ws_col;
    size.rows = std::max<int>(window.ws_row, 2);
  }
  return size;
}

void Screen::Out(absl::string_view line) {
  if (is_live_ && shares_terminal_) {
    Wait(line);
  } else {
    Print(stdout, absl::StrCat(line, "\n"));
  }
}

void Screen::Err(absl::string_view line) {
  if (is_live_) {
    Wait(line);
  } else {
    Print(stderr, absl::StrCat(line, "\n"));
  }
}

void Screen::Wait(absl::string_view line) {
  absl::StrAppend(&waiting_, line, "\n");
  if (waiting_.size() > kMaxWaiting) Clear();
}

void Screen::Draw(const std::vector<Display::Line>& lines) {
  if (!is_live_) return;
  std::vector<Frame::Line> frame;
  for (const Display::Line& line : lines) {
    frame.push_back({line.text, has_color_ ? ColorOf(line.kind) : ""});
  }
  Show(frame);
}

void Screen::Clear() { Show({}); }

void Screen::Show(const std::vector<Frame::Line>& lines) {
  const std::string above = std::exchange(waiting_, "");
  const std::string text = frame_.Replace(above, lines, size());
  if (text.empty()) return;
  fflush(stdout);
  fflush(stderr);
  WriteToTerminal(text);
}

}  // namespace registry_manager
