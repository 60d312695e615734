// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// How many requests a worker gets through; the numbers are printed, and only
// what no machine would miss is expected.

#include <gtest/gtest.h>

#include <atomic>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/registry/api/manifests.h"
#include "common/registry/drivers/plain/tag_states.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"

namespace registry_manager {
namespace {

TEST(SpeedTest, HeadsOfARealRegistryBySixteenThreads) {
  RegistryProcess registry;
  ClientFixture fixture(registry.url());
  PushTestImage(fixture.client(), "r", "latest");
  constexpr size_t kHeads = 4000;
  std::atomic<int> failed = 0;
  const absl::Time begun = absl::Now();
  ClientFixture::Pool().ParallelFor(kHeads, 16, [&](size_t) {
    if (!HeadManifest(fixture.client(), "r", "latest").ok()) ++failed;
  });
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begun);
  std::cout << kHeads / seconds << " HEADs a second\n";
  EXPECT_EQ(failed, 0);
  EXPECT_LT(seconds, 60);
}

}  // namespace
}  // namespace registry_manager
