// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// For tests under the thread sanitizer that open sockets: the prebuilt libzmq
// hands messages between its threads by atomics that the sanitizer cannot see.

// The sanitizer's runtime looks for a function of this name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" const char* __tsan_default_suppressions() {
  return "race:libzmq.so\n";
}
