// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/retention.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/words/text.h"

namespace registry_manager {

std::string LimitsText(const RunLimits& limits) {
  return absl::StrCat("at most ", Plural(limits.runs, "run", "runs"), ", ",
                      Plural(limits.days, "day", "days"), " and ",
                      Bytes(limits.bytes));
}

std::vector<RunToForget> BeyondLimits(const std::vector<StoredRun>& runs,
                                      const RunLimits& limits, absl::Time now) {
  const int64_t oldest =
      absl::ToUnixSeconds(now - absl::Hours(24) * limits.days);
  std::vector<std::string> beyond(runs.size());
  uint64_t bytes = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].held.empty()) {
      if (runs[i].updated_unix < oldest) beyond[i] = "days";
      if (i >= static_cast<size_t>(limits.runs)) beyond[i] = "runs";
    }
    if (beyond[i].empty()) bytes += runs[i].bytes;
  }
  std::vector<RunToForget> forgotten;
  for (size_t i = runs.size(); i-- > 0;) {
    if (beyond[i].empty() && runs[i].held.empty() && bytes > limits.bytes) {
      beyond[i] = "bytes";
      bytes -= runs[i].bytes;
    }
    if (!beyond[i].empty()) forgotten.push_back({runs[i], beyond[i]});
  }
  return forgotten;
}

}  // namespace registry_manager
