// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/error_list.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/reference/printable.h"

namespace registry_manager {

void ErrorList::Add(Position at, std::string message) {
  if (dropped_at_.contains(at)) return;
  if (full()) {
    ++unlisted_;
    return;
  }
  errors_.push_back({at, std::move(message)});
}

absl::Status ErrorList::ToStatus(absl::string_view file) const {
  if (errors_.empty()) return absl::OkStatus();
  std::vector<Error> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Error& a, const Error& b) { return a.at < b.at; });
  // A node with an anchor is read once for each alias, so its errors repeat.
  std::vector<std::string> lines;
  const std::string name = Printable(file);
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (std::find(sorted.begin(), sorted.begin() + i, sorted[i]) !=
        sorted.begin() + i) {
      continue;
    }
    lines.push_back(absl::StrCat(name, ":", sorted[i].at.line, ":",
                                 sorted[i].at.column, ": ", sorted[i].message));
  }
  if (unlisted_ > 0) {
    lines.push_back(absl::StrCat(name, ": ", unlisted_,
                                 " more errors; mend the ones above first"));
  }
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

}  // namespace registry_manager
