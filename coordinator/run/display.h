// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_RUN_DISPLAY_H_
#define REGISTRY_MANAGER_COORDINATOR_RUN_DISPLAY_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/control.pb.h"

namespace registry_manager {

// What a person sees of a run under way: a few lines that are drawn anew again
// and again. Remembers earlier snapshots, for rates. Does no I/O.
class Display {
 public:
  struct Size {
    int columns = 80;
    int rows = 24;
  };
  struct Line {
    enum class Kind { kHeader, kPlain, kWarning, kFailure };
    Kind kind = Kind::kPlain;
    std::string text;
  };

  // At most `rows` - 1 lines, each at most `columns` - 1 wide, without line
  // ends. To be called with the snapshots of one run in their order.
  std::vector<Line> Render(const proto::RunSnapshot& snapshot, Size size,
                           absl::Time now);

 private:
  struct Sample {
    absl::Time at;
    uint64_t repositories;
    uint64_t actions;
    uint64_t bytes;
  };
  // A second's worth of each, 0 where nothing is known yet.
  struct Rates {
    double repositories = 0;
    double actions = 0;
    double bytes = 0;
  };

  // What is to be said of a stream, in one or two lines.
  struct StreamText {
    std::string progress;
    std::string work;
    bool is_over;
  };

  // At most so many lines: what is over is left out first.
  static std::vector<Line> StreamLines(const std::vector<StreamText>& streams,
                                       size_t rows);
  // What is waited for, and the last failures.
  static std::vector<Line> AlertLines(const proto::RunSnapshot& snapshot,
                                      absl::Time now);
  Rates Observe(size_t stream, const proto::StreamSnapshot& snapshot,
                absl::Time now);
  std::string StreamLine(const proto::StreamSnapshot& stream,
                         const Rates& rates, int columns) const;
  std::string WorkLine(const proto::StreamSnapshot& stream,
                       const Rates& rates) const;

  // By the stream's place in the snapshot.
  std::vector<std::deque<Sample>> samples_;
};

// How many columns of a terminal a text takes.
int TerminalWidth(absl::string_view text);
// `text` cut to so many columns, with "…" where something is left out.
std::string CutToWidth(absl::string_view text, int columns);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_RUN_DISPLAY_H_
