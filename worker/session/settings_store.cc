// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/session/settings_store.h"

#include <utility>

namespace registry_manager {
namespace {

constexpr absl::Duration kKeepUnused = absl::Minutes(1);

}  // namespace

std::shared_ptr<const proto::RunSettings> SettingsStore::Find(
    const std::string& run) const {
  const auto entry = entries_.find(run);
  return entry == entries_.end() ? nullptr : entry->second.settings;
}

void SettingsStore::Put(proto::RunSettings settings, absl::Duration now) {
  Entry& entry = entries_[settings.run()];
  entry.needed = now;
  entry.settings =
      std::make_shared<const proto::RunSettings>(std::move(settings));
}

void SettingsStore::DropUnused(const std::set<std::string>& needed,
                               absl::Duration now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (needed.count(entry->first) > 0) entry->second.needed = now;
    if (now - entry->second.needed > kKeepUnused) {
      entry = entries_.erase(entry);
    } else {
      ++entry;
    }
  }
}

std::vector<std::string> SettingsStore::ToAskFor(
    const std::set<std::string>& needed, absl::Duration now) const {
  std::vector<std::string> runs;
  for (const std::string& run : needed) {
    const auto entry = entries_.find(run);
    if (entry == entries_.end() ||
        (entry->second.settings == nullptr &&
         now - entry->second.asked >= kAskForSettingsAgain)) {
      runs.push_back(run);
    }
  }
  return runs;
}

void SettingsStore::NoteAsked(const std::string& run, absl::Duration now) {
  entries_[run].asked = now;
  entries_[run].needed = now;
}

}  // namespace registry_manager
