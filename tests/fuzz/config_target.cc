// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// common/config: config.yml.

#include <string>

#include "absl/strings/match.h"
#include "common/config/parse.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using registry_manager::ParseConfig;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const registry_manager::ConfigSources sources = {
      [](const std::string&) {
        return std::string("s3cret-of-the-environment");
      },
      [](const std::string&) { return std::string("s3cret-of-a-file"); }};
  const auto config = ParseConfig("config.yml", text, sources);
  if (!config.ok()) {
    const std::string message(config.status().message());
    FUZZ_CHECK(absl::StartsWith(message, "config.yml"));
    // What the file itself holds may be quoted.
    FUZZ_CHECK(absl::StrContains(text, "s3cret-of") ||
               !absl::StrContains(message, "s3cret-of"));
    // Nothing that a terminal would obey.
    for (const char c : message) {
      FUZZ_CHECK(c == '\n' ||
                 (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    }
  }
  return 0;
}
