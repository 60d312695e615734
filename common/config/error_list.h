// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_CONFIG_ERROR_LIST_H_
#define REGISTRY_MANAGER_COMMON_CONFIG_ERROR_LIST_H_

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// A place in a config: both count from 1, the column in bytes.
struct Position {
  int line = 1;
  int column = 1;

  friend auto operator<=>(const Position&, const Position&) = default;
};

// The errors of one config, gathered by everything that reads a part of it, so
// that a user mends them in one go. Not thread-safe.
class ErrorList {
 public:
  // `message` is "what is wrong; what would be right", one line, with all text
  // from outside made printable.
  void Add(Position at, std::string message);

  // Drops every error that is added at `at` from now on: it would only follow
  // from an error that has been added.
  void DropFurtherAt(Position at) { dropped_at_.insert(at); }

  bool empty() const { return errors_.empty(); }
  // True if no further error will be shown, so that nobody need word it well.
  bool full() const { return errors_.size() >= kMost; }

  // OK if there are no errors. Otherwise InvalidArgument with a line for each
  // error, in the order of the file and without duplicates: "FILE:LINE:COLUMN:
  // MESSAGE".
  absl::Status ToStatus(absl::string_view file) const;

 private:
  // A person reads far fewer errors, but a hostile file can cause millions.
  static constexpr size_t kMost = 1000;

  struct Error {
    Position at;
    std::string message;
    friend bool operator==(const Error&, const Error&) = default;
  };

  std::vector<Error> errors_;
  std::set<Position> dropped_at_;
  // The number of errors beyond kMost.
  size_t unlisted_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_CONFIG_ERROR_LIST_H_
