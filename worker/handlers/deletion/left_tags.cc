// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/left_tags.h"

#include <utility>

#include "absl/time/time.h"

namespace registry_manager {
namespace {

using Support = DeletionCapabilities::Support;

// The number of looks, with doubling pauses between them.
constexpr int kLooks = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);

LeftTags Sort(TagStates states, const std::map<std::string, Digest>& tags) {
  LeftTags found;
  for (auto& [tag, state] : states) {
    const bool moved = state.kind == TagState::Kind::kHalfRemoved ||
                       (state.digest && *state.digest != tags.at(tag));
    if (moved) {
      found.moved.insert(tag);
    } else {
      found.left.emplace(tag, std::move(state));
    }
  }
  return found;
}

absl::StatusOr<LeftTags> Find(RepositoryDriver& driver,
                              const std::map<std::string, Digest>& tags,
                              Cancellation& cancellation) {
  std::set<std::string> names;
  for (const auto& [tag, digest] : tags) names.insert(tag);
  const bool leaves_tags = driver.capabilities().tags_go_along == Support::kNo;
  const int looks = leaves_tags ? 1 : kLooks;
  absl::Duration pause = kFirstPause;
  for (int look = 1;; ++look, pause *= 2) {
    absl::StatusOr<TagStates> states = driver.ReadTagStatesOf(names);
    LeftTags found;
    if (states.ok()) {
      found = Sort(*std::move(states), tags);
      if (found.left.empty()) return found;
    }
    if (look >= looks) {
      if (!states.ok()) return states.status();
      return found;
    }
    const absl::Status slept = cancellation.SleepFor(pause);
    if (!slept.ok()) return slept;
  }
}

}  // namespace

absl::StatusOr<LeftTags> CheckLeftTags(
    RepositoryDriver& driver, const std::map<std::string, Digest>& tags,
    Cancellation& cancellation) {
  if (tags.empty()) return LeftTags();
  absl::StatusOr<LeftTags> found = Find(driver, tags, cancellation);
  if (!found.ok() || found->left.empty()) return found;
  RemovalPlan plan;
  for (const auto& [tag, state] : found->left) {
    plan.left_tags.emplace(tag, tags.at(tag));
  }
  RemovalOutcome removal = driver.Remove(plan);
  if (!removal.status.ok()) return removal.status;
  if (removal.refused_tags.size() < plan.left_tags.size()) {
    const size_t before = found->left.size();
    found = Find(driver, tags, cancellation);
    if (!found.ok()) return found;
    found->found_to_leave_tags = found->left.size() < before &&
                                 driver.capabilities().tags_go_along.exchange(
                                     Support::kNo) != Support::kNo;
  }
  found->refused = std::move(removal.refused_tags);
  return found;
}

}  // namespace registry_manager
