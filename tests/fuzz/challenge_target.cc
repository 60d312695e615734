// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// common/registry: WWW-Authenticate headers.

#include <string>

#include "common/registry/connection/challenge.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string header(reinterpret_cast<const char*>(data), size);
  for (const auto& challenge : registry_manager::ParseChallenges(header)) {
    FUZZ_CHECK(!challenge.scheme.empty());
    FUZZ_CHECK(challenge.Get("realm").size() <= size);
  }
  return 0;
}
