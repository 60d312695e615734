// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/nearest_name.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// Bounds the work: names of people are shorter, and a typing error in one among
// more names than this is found by eye.
constexpr size_t kLongestName = 40;
constexpr size_t kMostNames = 500;
constexpr size_t kMostShown = 20;

std::string Folded(absl::string_view name) {
  std::string folded = absl::AsciiStrToLower(name);
  std::replace(folded.begin(), folded.end(), '_', '-');
  return folded;
}

// The optimal string alignment distance.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> distance(a.size() + 1,
                                            std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        distance[i][j] = i + j;
        continue;
      }
      const size_t replaced =
          distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      distance[i][j] =
          std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
      }
    }
  }
  return distance[a.size()][b.size()];
}

// Null where none is near.
const std::string* NearestName(absl::string_view name,
                               const std::vector<std::string>& known) {
  const std::string wanted = Folded(name);
  const std::string* nearest = nullptr;
  size_t nearest_distance = 0;
  if (wanted.size() > kLongestName) return nullptr;
  for (size_t i = 0; i < std::min(known.size(), kMostNames); ++i) {
    const std::string candidate = Folded(known[i]);
    const size_t longer = std::max(wanted.size(), candidate.size());
    if (longer > kLongestName) continue;
    const size_t distance = EditDistance(wanted, candidate);
    const bool near = distance <= (longer + 2) / 3 && distance < longer;
    if (near && (nearest == nullptr || distance < nearest_distance)) {
      nearest = &known[i];
      nearest_distance = distance;
    }
  }
  return nearest;
}

}  // namespace

std::string SuggestName(absl::string_view name,
                        const std::vector<std::string>& known,
                        absl::string_view names_are) {
  if (const std::string* nearest = NearestName(name, known)) {
    return absl::StrCat("; did you mean '", Printable(*nearest), "'?");
  }
  std::vector<std::string> shown;
  for (const std::string& each : known) {
    if (shown.size() == kMostShown) {
      shown.emplace_back("…");
      break;
    }
    shown.push_back(Printable(each, 40));
  }
  return absl::StrCat("; ", names_are, " ", absl::StrJoin(shown, ", "));
}

}  // namespace registry_manager
