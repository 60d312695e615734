// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CONSOLE_FRAME_H_
#define REGISTRY_MANAGER_COORDINATOR_CONSOLE_FRAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coordinator/console/display.h"

namespace registry_manager {

// Lines at the end of a terminal that are drawn anew in their place: what is to
// be sent for that. A line is overwritten, and only what is left of an earlier
// one is erased; nothing is erased from the top of the screen, for terminals
// would put that into their history. Pure.
class Frame {
 public:
  struct Line {
    std::string text;
    // An escape sequence, or "".
    std::string color;
  };

  // `above`: whole lines to stand above the frame for good. "": nothing has
  // changed.
  std::string Replace(absl::string_view above, const std::vector<Line>& lines,
                      Display::Size window);

 private:
  // The state of the frame: the width of each line, the text that is drawn, and
  // the number of columns for which it was drawn.
  std::vector<int> widths_;
  std::string drawn_;
  int columns_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CONSOLE_FRAME_H_
