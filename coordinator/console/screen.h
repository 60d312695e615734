// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CONSOLE_SCREEN_H_
#define REGISTRY_MANAGER_COORDINATOR_CONSOLE_SCREEN_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coordinator/console/display.h"
#include "coordinator/console/frame.h"

namespace registry_manager {

// True if text that is written to `file` may have colors: it is a terminal, and
// the user has not turned colors off (https://no-color.org).
bool MayColor(int file);

// Standard output and standard error. If standard error is a terminal, a
// display stays below what is printed. Used from one thread.
class Screen {
 public:
  // `wants_display`: draw it where that is possible.
  explicit Screen(bool wants_display);
  ~Screen() { Clear(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // False: standard error is no terminal, or one that cannot move its cursor.
  bool is_live() const { return is_live_; }
  Display::Size size() const;

  // A line on standard output, or on standard error. Where it would come
  // between the lines of the display it waits for the next Draw.
  void Out(absl::string_view line);
  void Err(absl::string_view line);

  // In place of what was drawn before.
  void Draw(const std::vector<Display::Line>& lines);
  // Removes the display and prints what waits.
  void Clear();

 private:
  void Wait(absl::string_view line);
  void Show(const std::vector<Frame::Line>& lines);

  const bool is_live_;
  // Standard output is the terminal too.
  const bool shares_terminal_;
  const bool has_color_;
  const bool is_utf8_;
  // Whole lines.
  std::string waiting_;
  Frame frame_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CONSOLE_SCREEN_H_
