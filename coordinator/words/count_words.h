// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_WORDS_COUNT_WORDS_H_
#define REGISTRY_MANAGER_COORDINATOR_WORDS_COUNT_WORDS_H_

#include <cstdint>
#include <initializer_list>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/task.pb.h"

namespace registry_manager {

// The one table of the counts of a run: what each is called, and what it is
// about.

enum class CountGroup {
  kLookedAt,
  // Changes that a dry run would make.
  kPlanned,
  // Changes that were made in a registry.
  kChanged,
  // Doomed, and left alone: somebody else, or an earlier attempt, was faster.
  kPassedOver,
  kFailed,
  // Tags that stay as they are.
  kStaying,
  // Bytes, blobs, requests and waiting.
  kCost,
};

struct CountWords {
  enum class Unit { kNumber, kBytes, kMilliseconds };

  CountGroup group;
  // "3 copied", "1 manifest without a tag deleted".
  absl::string_view one;
  absl::string_view many;
  uint64_t (*count)(const proto::Counts& counts);
  Unit unit = Unit::kNumber;
};

// All of them, in the order in which people are told.
absl::Span<const CountWords> AllCountWords();

// The sum of all counts in these groups.
uint64_t SumOf(const proto::Counts& counts,
               std::initializer_list<CountGroup> groups);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_WORDS_COUNT_WORDS_H_
