// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_SESSION_SETTINGS_STORE_H_
#define REGISTRY_MANAGER_WORKER_SESSION_SETTINGS_STORE_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/task.pb.h"

namespace registry_manager {

// The settings of runs, credentials included: held in memory only, while tasks
// of the run are here and for a minute more. Not thread-safe.
class SettingsStore {
 public:
  // Null: they are not here.
  std::shared_ptr<const proto::RunSettings> Find(const std::string& run) const;
  void Put(proto::RunSettings settings, absl::Duration now);

  // `needed`: runs that have tasks here. Drops what none has needed for a
  // minute.
  void DropUnused(const std::set<std::string>& needed, absl::Duration now);

  // The runs of `needed` whose settings are neither here nor asked for since a
  // second.
  std::vector<std::string> ToAskFor(const std::set<std::string>& needed,
                                    absl::Duration now) const;
  void NoteAsked(const std::string& run, absl::Duration now);

 private:
  struct Entry {
    std::shared_ptr<const proto::RunSettings> settings;
    absl::Duration needed = -absl::InfiniteDuration();
    absl::Duration asked = -absl::InfiniteDuration();
  };
  std::map<std::string, Entry> entries_;
};

// The time after which settings that have not come are asked for again.
inline constexpr absl::Duration kAskForSettingsAgain = absl::Seconds(1);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_SESSION_SETTINGS_STORE_H_
