// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace registry_manager {
namespace {

// As much of a terminal as a frame makes use of. Like tmux it puts the screen
// into its history where all of it is erased at once.
class Terminal {
 public:
  Terminal(int columns, int rows)
      : columns_(columns), screen_(rows, std::string(columns, ' ')) {}

  void Write(absl::string_view text) {
    while (!text.empty()) {
      if (absl::ConsumePrefix(&text, "\033[")) {
        const size_t end = text.find_first_of("AJKhlm");
        Control(text[end], text.substr(0, end));
        text.remove_prefix(end + 1);
        continue;
      }
      Put(text[0]);
      text.remove_prefix(1);
    }
  }

  // History and screen, without what is blank at the end.
  std::string Text() const {
    std::vector<std::string> lines = history_;
    lines.insert(lines.end(), screen_.begin(), screen_.end());
    for (std::string& line : lines) {
      line.erase(line.find_last_not_of(' ') + 1);
    }
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return absl::StrJoin(lines, "\n");
  }

 private:
  void Control(char what, absl::string_view argument) {
    if (what == 'A') {
      int rows = 0;
      ASSERT_TRUE(absl::SimpleAtoi(argument, &rows));
      row_ = std::max(0, row_ - rows);
    } else if (what == 'K') {
      screen_[row_].replace(column_, columns_ - column_, columns_ - column_,
                            ' ');
    } else if (what == 'J') {
      if (row_ == 0 && column_ == 0) {
        history_.insert(history_.end(), screen_.begin(), screen_.end());
      }
      Control('K', "");
      for (size_t i = row_ + 1; i < screen_.size(); ++i) {
        screen_[i].assign(columns_, ' ');
      }
    }
  }

  void Put(char character) {
    if (character == '\r') {
      column_ = 0;
      return;
    }
    if (character == '\n' || column_ == columns_) NextRow();
    if (character != '\n') screen_[row_][column_++] = character;
  }

  void NextRow() {
    column_ = 0;
    if (++row_ < static_cast<int>(screen_.size())) return;
    --row_;
    history_.push_back(screen_.front());
    screen_.erase(screen_.begin());
    screen_.emplace_back(columns_, ' ');
  }

  int columns_;
  int row_ = 0;
  int column_ = 0;
  std::vector<std::string> screen_;
  std::vector<std::string> history_;
};

std::vector<Frame::Line> Lines(const std::vector<std::string>& texts) {
  std::vector<Frame::Line> lines;
  for (const std::string& text : texts) lines.push_back({text, ""});
  return lines;
}

TEST(FrameTest, IsDrawnInPlaceAtTheTopOfTheScreenAndLeavesNoHistory) {
  Terminal terminal(20, 5);
  Frame frame;
  for (const char* age : {"10 s", "9 s", "8 s"}) {
    terminal.Write(frame.Replace("", Lines({"run", age}), {20, 5}));
    EXPECT_EQ(terminal.Text(), std::string("run\n") + age);
  }
}

TEST(FrameTest, LeavesNothingOfLongerAndOfFurtherLines) {
  Terminal terminal(20, 5);
  Frame frame;
  terminal.Write(
      frame.Replace("", Lines({"a long line", "second", "x"}), {20, 5}));
  terminal.Write(frame.Replace("", Lines({"short"}), {20, 5}));
  EXPECT_EQ(terminal.Text(), "short");
}

TEST(FrameTest, LinesAboveStayWhole) {
  Terminal terminal(10, 4);
  Frame frame;
  terminal.Write(
      frame.Replace("", Lines({"run  1 s", "bar", "alert"}), {10, 4}));
  // Just as wide as the window, wider, and shorter than what stood there.
  terminal.Write(
      frame.Replace("exactly10!\n", Lines({"run  2 s", "bar"}), {10, 4}));
  terminal.Write(frame.Replace("more than a row\nx\n",
                               Lines({"run  3 s", "bar"}), {10, 4}));
  EXPECT_EQ(terminal.Text(), "exactly10!\nmore than\na row\nx\nrun  3 s\nbar");
}

TEST(FrameTest, GoesAwayWithoutATrace) {
  for (const std::vector<std::string>& lines :
       {std::vector<std::string>{"one"}, {"one", "two", "three"}}) {
    Terminal terminal(10, 6);
    Frame frame;
    terminal.Write(frame.Replace("", Lines(lines), {10, 4}));
    terminal.Write(frame.Replace("", {}, {10, 4}));
    EXPECT_EQ(terminal.Text(), "");
    terminal.Write(frame.Replace("the end\n", {}, {10, 4}));
    EXPECT_EQ(terminal.Text(), "the end");
  }
}

TEST(FrameTest, FindsItsFirstRowInAWindowThatBecameNarrower) {
  Frame frame;
  frame.Replace("", Lines({"twelve chars", "x"}), {20, 5});
  // Two rows for the first line, one for the second.
  EXPECT_TRUE(absl::StrContains(frame.Replace("", Lines({"run", "x"}), {10, 4}),
                                "\033[3Arun"));
}

TEST(FrameTest, KeepsOffTheTopOfAWindowThatBecameLower) {
  Terminal terminal(10, 3);
  Frame frame;
  terminal.Write(frame.Replace("", Lines({"1", "2", "3", "4"}), {10, 9}));
  terminal.Write(frame.Replace("above\n", Lines({"run"}), {10, 3}));
  EXPECT_EQ(terminal.Text(), "1\n2\nabove\nrun");
}

TEST(FrameTest, SendsNothingWhereNothingHasChanged) {
  Frame frame;
  const std::string first = frame.Replace("", Lines({"run"}), {20, 5});
  EXPECT_TRUE(absl::StartsWith(first, "\033[?2026h"));
  EXPECT_TRUE(absl::EndsWith(first, "\033[?2026l"));
  EXPECT_EQ(frame.Replace("", Lines({"run"}), {20, 5}), "");
  EXPECT_EQ(Frame().Replace("", {}, {20, 5}), "");
}

}  // namespace
}  // namespace registry_manager
