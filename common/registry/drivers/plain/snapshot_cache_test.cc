// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// What a snapshot asks of a registry whose manifests were read before.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/api/content_cache.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/drivers/plain/snapshot.h"
#include "common/registry/drivers/plain/tag_states.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

class SnapshotCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/snapshot-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    auto cache = ContentCache::Open(folder_ + "/manifests");
    ASSERT_TRUE(cache.ok()) << cache.status();
    cache_ = *std::move(cache);
  }

  RawManifest Push(const std::string& tag, const TestImage& image = {}) {
    return PushTestImage(fixture_.client(), "r", tag, image);
  }
  RawManifest PushIndex(const std::string& tag,
                        const std::vector<RawManifest>& children) {
    return PushTestIndex(fixture_.client(), "r", tag, children);
  }

  // As a run of its own.
  absl::StatusOr<SnapshotReading> Read(
      const std::string& url, const std::vector<std::string>& doomed = {}) {
    ClientFixture at(url, Credentials(), 16, 1);
    at.connection().content_cache = cache_.get();
    const auto states = ReadTagStates(at.client(), "r", ClientFixture::Pool());
    if (!states.ok()) return states.status();
    SnapshotReader reader(at.client(), "r", &ClientFixture::Pool());
    return reader.Read(*states, doomed, {});
  }
  CreationTime CreationTimeOf(const std::string& tag, const std::string& url) {
    ClientFixture at(url, {}, 16, 0);
    at.connection().content_cache = cache_.get();
    const auto states = ReadTagStates(at.client(), "r", ClientFixture::Pool());
    EXPECT_TRUE(states.ok()) << states.status();
    SnapshotReader reader(at.client(), "r", &ClientFixture::Pool());
    return reader.ReadCreationTimes(*states, {tag}).at(tag);
  }

  // A registry that has all that was pushed but what a request for `digest`
  // would need.
  std::unique_ptr<ScriptedRegistry> Without(const Digest& digest) {
    return std::make_unique<ScriptedRegistry>(
        [digest](const Request& request, Response& response) {
          if (!absl::EndsWith(request.path, digest.str())) return false;
          return AnswerError(response, 404, "MANIFEST_UNKNOWN"), true;
        },
        registry_.url());
  }

  RegistryProcess registry_;
  ClientFixture fixture_{registry_.url()};
  std::string folder_;
  std::unique_ptr<ContentCache> cache_;
};

TEST_F(SnapshotCacheTest, AKeptIndexIsReadOnce) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest inner = PushIndex("", {one});
  const RawManifest outer = PushIndex("v1", {inner});
  ScriptedRegistry first(nullptr, registry_.url());
  ASSERT_TRUE(Read(first.url()).ok());
  EXPECT_EQ(first.Count("GET /v2/r/manifests/"), 2);
  ScriptedRegistry second(nullptr, registry_.url());
  const auto read = Read(second.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(second.Count("GET /v2/r/manifests/"), 0);
  // The tag's own answer says that the outer index is there.
  EXPECT_EQ(second.Count("HEAD /v2/r/manifests/"), 3);
  EXPECT_EQ(read->snapshot.manifests.at(outer.digest).children,
            std::vector<Digest>{inner.digest});
  EXPECT_EQ(read->snapshot.manifests.at(inner.digest).children,
            std::vector<Digest>{one.digest});
}

TEST_F(SnapshotCacheTest, WhatIsKnownNeverMakesAMissingChildLookPresent) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest inner = PushIndex("", {one});
  const RawManifest outer = PushIndex("v1", {inner});
  ASSERT_TRUE(Read(registry_.url(), {"v1"}).ok());
  for (const RawManifest* lost : {&inner, &one}) {
    for (const std::vector<std::string>& doomed :
         {std::vector<std::string>{}, std::vector<std::string>{"v1"}}) {
      const auto server = Without(lost->digest);
      const auto read = Read(server->url(), doomed);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_FALSE(read->snapshot.manifests.contains(lost->digest));
      ASSERT_EQ(read->notes.size(), 1u);
      EXPECT_TRUE(absl::StrContains(read->notes[0], lost->digest.str()));
      // A HEAD alone is not believed.
      EXPECT_EQ(server->Count(
                    absl::StrCat("GET /v2/r/manifests/", lost->digest.str())),
                1);
    }
  }
}

TEST_F(SnapshotCacheTest, AHeadThatDeniesWhatIsThereIsNotBelieved) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest inner = PushIndex("", {one});
  PushIndex("v1", {inner});
  ASSERT_TRUE(Read(registry_.url()).ok());
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "HEAD" ||
            !absl::EndsWith(request.path, inner.digest.str())) {
          return false;
        }
        return AnswerError(response, 404, "MANIFEST_UNKNOWN"), true;
      },
      registry_.url());
  const auto read = Read(server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->snapshot.manifests.contains(inner.digest));
  EXPECT_TRUE(read->notes.empty());
}

TEST_F(SnapshotCacheTest, ADoomedTagsManifestThatIsMissingIsLost) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest index = PushIndex("v1", {one});
  ASSERT_TRUE(Read(registry_.url()).ok());
  // The tag answers, its digest does not.
  const auto read = Read(Without(index.digest)->url(), {"v1"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->lost_tags, std::vector<std::string>{"v1"});
}

TEST_F(SnapshotCacheTest, WhatTheRegistryCallsByAnotherTypeIsReadAgain) {
  const RawManifest one = Push("", {.salt = "1"});
  PushIndex("v1", {one});
  ASSERT_TRUE(Read(registry_.url()).ok());
  ScriptedRegistry server(
      nullptr, registry_.url(), [](const Request& request, Response& response) {
        if (request.method != "HEAD") return;
        response.headers.erase("Content-Type");
        response.set_header("Content-Type", std::string(kDockerList));
      });
  ASSERT_TRUE(Read(server.url()).ok());
  EXPECT_EQ(server.Count("GET /v2/r/manifests/"), 2);
}

TEST_F(SnapshotCacheTest, DamageIsReadAgain) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest index = PushIndex("v1", {one});
  ASSERT_TRUE(Read(registry_.url()).ok());
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    std::ofstream(entry.path(), std::ios::app) << " ";
  }
  ScriptedRegistry server(nullptr, registry_.url());
  const auto read = Read(server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(server.Count("GET /v2/r/manifests/"), 1);
  EXPECT_EQ(read->snapshot.manifests.at(index.digest).children,
            std::vector<Digest>{one.digest});
}

TEST_F(SnapshotCacheTest, ADateIsReadOnceAndItsAbsenceToo) {
  Push("dated", {.created = "2024-05-01T12:00:00Z", .salt = "1"});
  Push("undated", {.created = "", .salt = "2"});
  for (const char* tag : {"dated", "undated"}) {
    const CreationTime before = CreationTimeOf(tag, registry_.url());
    ScriptedRegistry server(nullptr, registry_.url());
    const CreationTime after = CreationTimeOf(tag, server.url());
    EXPECT_EQ(before.kind, after.kind) << tag;
    EXPECT_EQ(before.time, after.time) << tag;
    EXPECT_EQ(server.Count("GET /v2/r/manifests/"), 0) << tag;
    EXPECT_EQ(server.Count("GET /v2/r/blobs/"), 0) << tag;
  }
}

TEST_F(SnapshotCacheTest, ADateThatCannotBeReadIsNotKept) {
  Push("v1", {.created = "not a date", .salt = "1"});
  for (int i = 0; i < 2; ++i) {
    ScriptedRegistry server(nullptr, registry_.url());
    EXPECT_EQ(CreationTimeOf("v1", server.url()).kind,
              CreationTime::Kind::kUnreadable);
    EXPECT_EQ(server.Count("GET /v2/r/blobs/"), 1);
  }
}

}  // namespace
}  // namespace registry_manager
