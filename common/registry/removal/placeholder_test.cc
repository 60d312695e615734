// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/removal/placeholder.h"

#include <gtest/gtest.h>

#include "common/registry/media_types.h"

namespace registry_manager {
namespace {

// Tags that an older release left half removed are told by this digest.
TEST(PlaceholderTest, ItsDigestNeverChanges) {
  EXPECT_EQ(Placeholder().digest.str(),
            "sha256:"
            "3d7ea310dafffb61f35648bf3818abff00417dd6545d854c4ac9658d15e5e333");
  EXPECT_EQ(Placeholder().digest, Digest::Of(Placeholder().bytes));
}

TEST(PlaceholderTest, IsAnImageOfDockersEmptyLayer) {
  const auto manifest = ParseManifest(Placeholder());
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(Placeholder().media_type, kDockerManifest);
  EXPECT_TRUE(manifest->config);
  ASSERT_EQ(manifest->layers.size(), 1u);
  EXPECT_EQ(manifest->layers[0].digest.str(),
            "sha256:"
            "a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4");
  EXPECT_EQ(manifest->layers[0].size, 32u);
}

}  // namespace
}  // namespace registry_manager
