// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// common/reference: names, digests and addresses.

#include <string>

#include "absl/strings/match.h"
#include "common/reference/address.h"
#include "common/reference/digest.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace registry_manager;  // NOLINT
  const std::string text(reinterpret_cast<const char*>(data), size);
  // A name never leaves its place in a path.
  if (IsRepositoryName(text)) {
    FUZZ_CHECK(!absl::StrContains(text, ".."));
    FUZZ_CHECK(!absl::StrContains(text, "//"));
    FUZZ_CHECK(!absl::StartsWith(text, "/"));
  }
  if (IsTag(text)) {
    FUZZ_CHECK(!absl::StrContains(text, "/"));
    FUZZ_CHECK(!absl::StartsWith(text, "."));
  }
  if (IsRepositoryName(text) || IsTag(text)) {
    for (const char c : text) FUZZ_CHECK(c > 0x20 && c < 0x7f && c != '%');
  }
  const auto digest = Digest::Parse(text);
  if (digest.ok()) FUZZ_CHECK(digest->str() == text);
  const auto address = Address::Parse(text);
  if (address.ok()) {
    const auto again = Address::Parse(address->str());
    FUZZ_CHECK(again.ok() && *again == *address);
  }
  for (const char c : Printable(text, 100)) {
    FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
  return 0;
}
