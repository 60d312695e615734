// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/left_tags.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"

namespace registry_manager {
namespace {

using Support = DeletionCapabilities::Support;

// The number of looks, with doubling pauses between them.
constexpr int kLooks = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);

LeftTags Sort(const TagStates& states,
              const std::map<std::string, Digest>& tags) {
  LeftTags found;
  for (const auto& [tag, state] : states) {
    const bool moved = state.kind == TagState::Kind::kHalfRemoved ||
                       (state.digest && *state.digest != tags.at(tag));
    if (moved) {
      found.moved.insert(tag);
    } else {
      found.left.emplace(tag, state);
    }
  }
  return found;
}

// Registries behind a cache take a while.
absl::StatusOr<LeftTags> FindWithPatience(
    RepositoryDriver& driver, const std::map<std::string, Digest>& tags,
    Cancellation& cancellation) {
  const bool leaves_tags = driver.capabilities().tags_go_along == Support::kNo;
  const int looks = leaves_tags ? 1 : kLooks;
  absl::Duration pause = kFirstPause;
  for (int look = 1;; ++look, pause *= 2) {
    absl::StatusOr<LeftTags> found = FindLeftTags(driver, tags);
    if (look >= looks || (found.ok() && found->left.empty())) return found;
    RETURN_IF_ERROR(cancellation.SleepFor(pause));
  }
}

// A tag whose image is there again was pushed again: it is somebody else's.
absl::Status LeavePushedAgain(RepositoryDriver& driver,
                              const std::map<std::string, Digest>& tags,
                              LeftTags& found) {
  std::set<Digest> digests;
  for (const auto& [tag, state] : found.left) {
    if (state.digest) digests.insert(*state.digest);
  }
  if (digests.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const absl::flat_hash_set<Digest> missing,
                   driver.Missing({digests.begin(), digests.end()}));
  std::erase_if(found.left, [&](const auto& entry) {
    const auto& [tag, state] = entry;
    // Guard: image-pushed-again-keeps-its-tag
    const bool is_back = state.digest && !missing.contains(tags.at(tag));
    if (is_back) found.moved.insert(tag);
    return is_back;
  });
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LeftTags> FindLeftTags(
    RepositoryDriver& driver, const std::map<std::string, Digest>& tags) {
  if (tags.empty()) return LeftTags();
  std::set<std::string> names;
  for (const auto& [tag, digest] : tags) names.insert(tag);
  ASSIGN_OR_RETURN(const TagStates states, driver.ReadTagStatesOf(names));
  return Sort(states, tags);
}

absl::StatusOr<LeftTags> CheckLeftTags(
    RepositoryDriver& driver, const std::map<std::string, Digest>& tags,
    Cancellation& cancellation) {
  if (tags.empty()) return LeftTags();
  ASSIGN_OR_RETURN(LeftTags found,
                   FindWithPatience(driver, tags, cancellation));
  RETURN_IF_ERROR(LeavePushedAgain(driver, tags, found));
  if (found.left.empty()) return found;
  RemovalPlan plan;
  for (const auto& [tag, state] : found.left) {
    plan.left_tags.emplace(tag, tags.at(tag));
  }
  RemovalOutcome removal = driver.Remove(plan);
  RETURN_IF_ERROR(removal.status);
  if (removal.refused_tags.size() < plan.left_tags.size()) {
    std::set<std::string> moved = std::move(found.moved);
    const size_t before = found.left.size();
    ASSIGN_OR_RETURN(found, FindWithPatience(driver, tags, cancellation));
    RETURN_IF_ERROR(LeavePushedAgain(driver, tags, found));
    found.moved.merge(moved);
    found.found_to_leave_tags = found.left.size() < before &&
                                driver.capabilities().tags_go_along.exchange(
                                    Support::kNo) != Support::kNo;
  }
  found.refused = std::move(removal.refused_tags);
  return found;
}

}  // namespace registry_manager
