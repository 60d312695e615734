// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_TESTS_FUZZ_FUZZ_TARGET_H_
#define REGISTRY_MANAGER_TESTS_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>

// Each file x_target.cc defines this for one parser of what comes from outside.
// libFuzzer calls it with what it makes up (tools/fuzz), replay.cc with the
// corpus. A check that fails aborts.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Aborts where `condition` does not hold.
#define FUZZ_CHECK(condition)           \
  do {                                  \
    if (!(condition)) __builtin_trap(); \
  } while (false)

#endif  // REGISTRY_MANAGER_TESTS_FUZZ_FUZZ_TARGET_H_
