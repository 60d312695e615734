// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_CHECK_FINDING_H_
#define REGISTRY_MANAGER_COORDINATOR_CHECK_FINDING_H_

#include <string>
#include <vector>

namespace registry_manager {

// One thing that was found out about what a config rests on.
struct Finding {
  enum class Level {
    kOk,
    // Worth knowing, and nothing to do about.
    kNote,
    // It works, and may hurt.
    kWarning,
    // Something that the config asks for will fail.
    kError,
    // Nothing can be asked at all, or the credentials are refused.
    kUnreachable,
  };
  Level level;
  // The text says what was found and, if something must be done, what to do.
  std::string text;
};

// "ok", "note", "warning", "error", "unreachable".
const char* LevelName(Finding::Level level);

// All about one thing.
struct CheckedPart {
  // "registry harbor (https://harbor.example.com)", "redis", "skopeo",
  // "config config.yml".
  std::string name;
  std::vector<Finding> findings;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_CHECK_FINDING_H_
