// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CONSOLE_DISPLAY_H_
#define REGISTRY_MANAGER_COORDINATOR_CONSOLE_DISPLAY_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/control.pb.h"

namespace registry_manager {

// The display of a run under way for a person: a few lines that are drawn again
// and again. It remembers earlier snapshots, because it computes rates from
// them. It does no I/O.
class Display {
 public:
  struct Size {
    int columns = 80;
    int rows = 24;
    // False: only ASCII can be shown.
    bool is_utf8 = true;
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
    double actions = 0;
    double bytes = 0;
  };

  // The text about a stream, in one or two lines.
  struct StreamText {
    const proto::StreamSnapshot* stream;
    // "250 of 1,000", and what comes behind it.
    std::string count;
    std::string rest;
    std::string work;
    // Streams under way are shown before streams that wait, and these before
    // streams that are over.
    enum class Standing { kUnderWay, kWaiting, kOver } standing;
  };

  // At most so many lines.
  static std::vector<Line> StreamLines(const std::vector<StreamText>& streams,
                                       int columns, size_t rows);
  // Lines about what the run waits for, and about the last failures.
  static std::vector<Line> AlertLines(const proto::RunSnapshot& snapshot,
                                      absl::Time now);
  void Observe(size_t stream, const proto::StreamSnapshot& snapshot,
               absl::Time now);
  StreamText Describe(size_t number, const proto::RunSnapshot& snapshot,
                      absl::Time now) const;
  Rates RatesOf(size_t stream) const;
  // "", where there is too little to tell it by.
  std::string TimeLeft(size_t stream, uint64_t repositories) const;
  std::string WorkLine(const proto::StreamSnapshot& stream,
                       const Rates& rates) const;

  // By the stream's place in the snapshot.
  std::vector<std::deque<Sample>> samples_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CONSOLE_DISPLAY_H_
