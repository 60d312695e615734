// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_SCHEDULER_DEADLINES_H_
#define REGISTRY_MANAGER_COORDINATOR_SCHEDULER_DEADLINES_H_

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/time/time.h"

namespace registry_manager {

// At most one deadline a key, taken out in the order of time, then of key.
// Not thread-safe.
template <typename Key>
class Deadlines {
 public:
  // Replaces the key's deadline.
  void Set(const Key& key, absl::Time when) {
    Clear(key);
    by_key_.emplace(key, when);
    by_time_.emplace(when, key);
  }

  void Clear(const Key& key) {
    const auto it = by_key_.find(key);
    if (it == by_key_.end()) return;
    by_time_.erase({it->second, key});
    by_key_.erase(it);
  }

  // Takes out the first key whose deadline is not after `now`.
  std::optional<Key> PopDue(absl::Time now) {
    if (by_time_.empty() || by_time_.begin()->first > now) return std::nullopt;
    const Key key = by_time_.begin()->second;
    Clear(key);
    return key;
  }

  // The infinite future where there is none.
  absl::Time Next() const {
    return by_time_.empty() ? absl::InfiniteFuture() : by_time_.begin()->first;
  }

 private:
  std::map<Key, absl::Time> by_key_;
  std::set<std::pair<absl::Time, Key>> by_time_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_SCHEDULER_DEADLINES_H_
