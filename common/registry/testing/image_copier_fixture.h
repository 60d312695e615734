// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_IMAGE_COPIER_FIXTURE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_IMAGE_COPIER_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "common/registry/api/manifests.h"
#include "common/registry/copy/image_copier.h"
#include "common/registry/copy/local_blob_ledger.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"

namespace registry_manager {

// Copies from repository "from" of one real registry to "to" of another.
class ImageCopierTest : public testing::Test {
 protected:
  // The clients and the copier of one worker.
  struct Copy {
    Copy(ImageCopierTest& test, const std::string& source_url,
         const std::string& target_url)
        : source(source_url),
          target(target_url),
          copier({source.client(),
                  "from",
                  {&target.connection(), &source.task()},
                  "to"},
                 &test.ledger_, &ClientFixture::Pool(), &test.tally_) {}
    ClientFixture source;
    ClientFixture target;
    ImageCopier copier;
  };

  absl::Status CopyTag(const std::string& tag,
                       const std::string& target_url = "") {
    Copy copy(*this, a_.url(), target_url.empty() ? b_.url() : target_url);
    return copy.copier.CopyTag(tag);
  }
  // Expects the manifest at the target to be the same, byte for byte.
  void ExpectCopied(const std::string& reference, const RawManifest& manifest) {
    const auto copied = GetManifest(to_.client(), "to", reference);
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_EQ(copied->bytes, manifest.bytes);
    EXPECT_EQ(copied->digest, manifest.digest);
    EXPECT_EQ(copied->media_type, manifest.media_type);
  }
  RawManifest PushImage(const std::string& tag, const TestImage& image = {}) {
    return PushTestImage(from_.client(), "from", tag, image);
  }

  RegistryProcess a_;
  RegistryProcess b_;
  ClientFixture from_{a_.url()};
  ClientFixture to_{b_.url()};
  LocalBlobLedger ledger_;
  CopyTally tally_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_IMAGE_COPIER_FIXTURE_H_
