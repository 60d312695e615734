// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/placeholder.h"

#include <gtest/gtest.h>

#include "common/registry/api/media_types.h"

namespace registry_manager {
namespace {

// Tags that an older release left half removed are told by this digest.
TEST(PlaceholderTest, ItsDigestNeverChanges) {
  EXPECT_EQ(Placeholder().digest.str(),
            "sha256:"
            "3d7ea310dafffb61f35648bf3818abff00417dd6545d854c4ac9658d15e5e333");
  EXPECT_EQ(Placeholder().digest, Digest::Of(Placeholder().bytes));
}

TEST(PlaceholderTest, TheOtherFormHasTheSameBlobs) {
  EXPECT_EQ(OciPlaceholder().digest, Digest::Of(OciPlaceholder().bytes));
  EXPECT_EQ(OciPlaceholder().media_type, kOciManifest);
  EXPECT_TRUE(IsPlaceholder(OciPlaceholder().digest));
  EXPECT_TRUE(IsPlaceholder(Placeholder().digest));
  EXPECT_FALSE(IsPlaceholder(Digest::Of("another")));
  const auto docker = ParseManifest(Placeholder());
  const auto oci = ParseManifest(OciPlaceholder());
  ASSERT_TRUE(docker.ok() && oci.ok());
  EXPECT_EQ(oci->config->digest, docker->config->digest);
  EXPECT_EQ(oci->config->media_type, kOciConfig);
  ASSERT_EQ(oci->layers.size(), 1u);
  EXPECT_EQ(oci->layers[0].digest, docker->layers[0].digest);
  EXPECT_EQ(oci->layers[0].media_type,
            "application/vnd.oci.image.layer.v1.tar+gzip");
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
