// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/process/environment.h"

#include <unistd.h>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace registry_manager {
namespace {

struct Withheld {
  absl::Mutex mutex;
  absl::flat_hash_set<std::string> names ABSL_GUARDED_BY(mutex);
};

Withheld& TheWithheld() {
  static auto* const withheld = new Withheld;
  return *withheld;
}

bool IsIndispensable(absl::string_view name) {
  return name == "PATH" || name == "HOME" || name == "TMPDIR" ||
         absl::StartsWith(name, "XDG_") ||
         absl::EndsWithIgnoreCase(name, "_PROXY");
}

}  // namespace

void WithholdFromPrograms(const std::vector<std::string>& names) {
  Withheld& withheld = TheWithheld();
  absl::MutexLock lock(&withheld.mutex);
  for (const std::string& name : names) {
    if (!IsIndispensable(name)) withheld.names.insert(name);
  }
}

std::vector<std::string> EnvironmentForPrograms() {
  Withheld& withheld = TheWithheld();
  absl::MutexLock lock(&withheld.mutex);
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text(*entry);
    if (!withheld.names.contains(text.substr(0, text.find('=')))) {
      environment.emplace_back(text);
    }
  }
  return environment;
}

}  // namespace registry_manager
