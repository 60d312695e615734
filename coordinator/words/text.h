// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_WORDS_TEXT_H_
#define REGISTRY_MANAGER_COORDINATOR_WORDS_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/control.pb.h"
#include "proto/task.pb.h"

namespace registry_manager {

// Functions that put runs into words. Pure.

// A registry's id as people write it: without "https://".
std::string DisplayRegistry(absl::string_view registry);
// "HOST/REPOSITORY".
std::string ImageName(absl::string_view registry, absl::string_view repository);
// "HOST/REPOSITORY:TAG" or "HOST/REPOSITORY@DIGEST"; `reference` empty: the
// repository.
std::string ImageName(absl::string_view registry, absl::string_view repository,
                      absl::string_view reference);
// " -> HOST/REPOSITORY" of a sync's target; "" where there is none.
std::string ToTarget(absl::string_view target, absl::string_view repository);
// "1,204".
std::string Number(uint64_t number);
// "1 repository", "2 repositories".
std::string Plural(uint64_t number, absl::string_view one,
                   absl::string_view many);
// "3.4 GiB".
std::string Bytes(uint64_t bytes);
// "5 min 7 s", "3 h 12 min"; "1.4 s" below ten seconds.
std::string DurationText(absl::Duration duration);
// The time from the run's beginning to its last update.
absl::Duration Lasted(const proto::RunSnapshot& run);
// "2026-11-24 04:57:03", local time.
std::string TimeText(int64_t unix_seconds);
// "120 tags: 40 to delete, 78 kept".
std::string CountsLine(const proto::Counts& counts);
// "3,201 deleted, 1.2 GiB copied, 12 failed"; "" where nothing was done yet.
std::string ActionsLine(const proto::Counts& counts);
// "HOST/REPOSITORY:TAG -> HOST/REPOSITORY: why".
std::string FailureText(const proto::Failure& failure);
// "412 of 1,204 repositories, 3,201 deleted, 12 failed".
std::string ProgressLine(const proto::RunSnapshot& snapshot);
// The closing lines of a run: what was done, what failed and why. `is_colored`:
// failures stand out, by escape sequences of a terminal's.
std::string Summary(const proto::RunSnapshot& snapshot,
                    bool is_colored = false);
// "HOST asked to be left alone until 2026-11-24 04:57:03, for 12 min 3 s".
std::string ParkedText(const proto::RegistrySnapshot& registry, absl::Time now);
// "no answer for 12 s, set aside in 8 s"; "" if the registry answers, or has
// been silent for a moment only.
std::string SilentText(const proto::RegistrySnapshot& registry, absl::Time now);
// "41 s", "12 min", "3 h 20 min".
std::string Roughly(absl::Duration duration);
// A line about a failure.
std::string Red(const std::string& line, bool is_colored);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_WORDS_TEXT_H_
