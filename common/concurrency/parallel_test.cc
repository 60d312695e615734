// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/concurrency/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace registry_manager {
namespace {

TEST(ParallelForTest, CallsEveryIndexOnce) {
  ThreadPool pool(3);
  std::vector<std::atomic<int>> calls(1000);
  pool.ParallelFor(calls.size(), 4, [&](size_t i) { ++calls[i]; });
  for (const auto& count : calls) EXPECT_EQ(count, 1);
}

TEST(ParallelForTest, ReturnsAtOnceForNothing) {
  ThreadPool pool(1);
  pool.ParallelFor(0, 8, [](size_t) { FAIL(); });
}

TEST(ParallelForTest, NeverExceedsItsWidth) {
  ThreadPool pool(8);
  std::atomic<int> running = 0, most = 0;
  pool.ParallelFor(200, 3, [&](size_t) {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::yield();
    --running;
  });
  EXPECT_LE(most, 3);
}

TEST(ParallelForTest, NestedCallsEndThoughEveryThreadIsBusy) {
  ThreadPool pool(1);
  std::atomic<int> calls = 0;
  pool.ParallelFor(4, 4, [&](size_t) {
    pool.ParallelFor(4, 4, [&](size_t) {
      pool.ParallelFor(4, 4, [&](size_t) { ++calls; });
    });
  });
  EXPECT_EQ(calls, 64);
}

}  // namespace
}  // namespace registry_manager
