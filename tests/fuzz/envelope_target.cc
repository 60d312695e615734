// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// common/wire: what worker and coordinator say to each other.

#include <string>

#include "common/wire/envelope.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto envelope = registry_manager::ParseEnvelope(bytes);
  if (!envelope.ok()) return 0;
  const auto again = registry_manager::SerializeEnvelope(*envelope);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(registry_manager::ParseEnvelope(*again).ok());
  return 0;
}
