// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// common/registry: Link headers, and where they lead.

#include <string>

#include "absl/strings/string_view.h"
#include "common/http/url.h"
#include "common/registry/api/link.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string header(reinterpret_cast<const char*>(data), size);
  const auto next = registry_manager::FindNextLink({header});
  if (!next.ok() || !*next) return 0;
  const auto base =
      registry_manager::ParseUrl("https://reg.example/v2/_catalog");
  FUZZ_CHECK(base.ok());
  const auto url = registry_manager::ResolveUrl(*base, **next);
  if (!url.ok()) return 0;
  // What goes onto the wire is one line.
  for (const char c : url->str())
    FUZZ_CHECK(static_cast<unsigned char>(c) > 0x20);
  return 0;
}
