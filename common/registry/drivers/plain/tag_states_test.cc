// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/tag_states.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

class TagStatesTest : public testing::Test {
 protected:
  static absl::StatusOr<TagStates> Read(const std::string& url) {
    ClientFixture fixture(url, {}, 16, 1);
    return ReadTagStates(fixture.client(), "r", ClientFixture::Pool());
  }

  RegistryProcess registry_;
  ClientFixture fixture_{registry_.url()};
};

TEST_F(TagStatesTest, ResolvesEveryTag) {
  const RawManifest one = PushTestImage(fixture_.client(), "r", "one");
  PushTestImage(fixture_.client(), "r", "two");
  const RawManifest index =
      PushTestIndex(fixture_.client(), "r", "list", {one});
  const auto states = Read(registry_.url());
  ASSERT_TRUE(states.ok()) << states.status();
  ASSERT_EQ(states->size(), 3u);
  EXPECT_EQ(states->at("one").digest, one.digest);
  EXPECT_EQ(states->at("two").digest, one.digest);
  EXPECT_EQ(states->at("list").digest, index.digest);
  EXPECT_EQ(states->at("list").media_type, kOciIndex);
  EXPECT_EQ(states->at("one").kind, TagState::Kind::kResolved);
  const auto some = ReadTagStatesOf(fixture_.client(), "r", {"two", "absent"},
                                    ClientFixture::Pool());
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(some->size(), 1u);
  EXPECT_TRUE(some->contains("two"));
}

TEST_F(TagStatesTest, ARepositoryThatIsNotThereHasNone) {
  EXPECT_TRUE(Read(registry_.url())->empty());
}

TEST_F(TagStatesTest, DanglingAndHalfRemovedTagsAreTold) {
  const RawManifest lost =
      PushTestImage(fixture_.client(), "r", "dangling", {.salt = "x"});
  PushTestImage(fixture_.client(), "r", "good");
  ASSERT_TRUE(PushPlaceholderBlobs(fixture_.client(), "r").ok());
  ASSERT_TRUE(PutManifest(fixture_.client(), "r", "half", Placeholder()).ok());
  registry_.LoseManifest("r", lost.digest.str());
  const auto states = Read(registry_.url());
  ASSERT_TRUE(states.ok()) << states.status();
  EXPECT_EQ(states->at("dangling").kind, TagState::Kind::kDangling);
  EXPECT_EQ(states->at("dangling").digest, std::nullopt);
  EXPECT_EQ(states->at("half").kind, TagState::Kind::kHalfRemoved);
  EXPECT_EQ(states->at("half").digest, std::nullopt);
  EXPECT_EQ(states->at("good").kind, TagState::Kind::kResolved);
}

TEST_F(TagStatesTest, ATagThatCannotBeResolvedStopsAndIsNamed) {
  PushTestImage(fixture_.client(), "r", "good");
  PushTestImage(fixture_.client(), "r", "bad");
  for (const int failure : {400, 401, 403, 418, 500}) {
    ScriptedRegistry server(
        [&](const Request& request, Response& response) {
          if (!absl::EndsWith(request.path, "/manifests/bad")) return false;
          AnswerError(response, failure, "X");
          return true;
        },
        registry_.url());
    const auto states = Read(server.url());
    ASSERT_FALSE(states.ok()) << failure;
    EXPECT_TRUE(absl::StrContains(states.status().message(), "tag bad"))
        << states.status();
  }
}

TEST_F(TagStatesTest, A404WithoutTheRegistrysWordIsNotDangling) {
  PushTestImage(fixture_.client(), "r", "good");
  PushTestImage(fixture_.client(), "r", "bad");
  for (const char* code : {"", "NAME_UNKNOWN"}) {
    ScriptedRegistry server(
        [&](const Request& request, Response& response) {
          if (!absl::EndsWith(request.path, "/manifests/bad")) return false;
          AnswerError(response, 404, code);
          return true;
        },
        registry_.url());
    const auto states = Read(server.url());
    ASSERT_FALSE(states.ok());
    EXPECT_FALSE(absl::IsNotFound(states.status()));
  }
}

TEST_F(TagStatesTest, ARepositoryIsNotGoneWhileOneOfItsTagsIsThere) {
  PushTestImage(fixture_.client(), "r", "good");
  std::atomic<int> listings = 0;
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (!absl::EndsWith(request.path, "/tags/list")) return false;
        if (++listings == 1) {
          response.set_content(R"({"tags":["good","vanished"]})",
                               "application/json");
        } else {
          AnswerError(response, 404, "NAME_UNKNOWN");
        }
        return true;
      },
      registry_.url());
  const auto states = Read(server.url());
  ASSERT_FALSE(states.ok());
  EXPECT_FALSE(absl::IsNotFound(states.status()));
  EXPECT_TRUE(absl::StrContains(states.status().message(), "tag vanished"))
      << states.status();
}

TEST_F(TagStatesTest, ATagThatVanishesMeanwhileIsLeftOut) {
  PushTestImage(fixture_.client(), "r", "good");
  std::atomic<int> listings = 0;
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (absl::EndsWith(request.path, "/tags/list") && ++listings == 1) {
          response.set_content(R"({"tags":["good","vanished","good"]})",
                               "application/json");
          return true;
        }
        return false;
      },
      registry_.url());
  const auto states = Read(server.url());
  ASSERT_TRUE(states.ok()) << states.status();
  EXPECT_EQ(states->size(), 1u);
  EXPECT_EQ(listings, 2);
}

TEST_F(TagStatesTest, AHeadThatFindsNothingIsLookedAtAgain) {
  const RawManifest image = PushTestImage(fixture_.client(), "r", "good");
  ScriptedRegistry server(
      [](const Request& request, Response& response) {
        if (request.method != "HEAD") return false;
        response.status = 404;
        return true;
      },
      registry_.url());
  const auto states = Read(server.url());
  ASSERT_TRUE(states.ok()) << states.status();
  EXPECT_EQ(states->at("good").digest, image.digest);
}

TEST_F(TagStatesTest, WhatIsNoTagStops) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.set_content(R"({"tags":["a","../../x"]})", "application/json");
    return true;
  });
  EXPECT_TRUE(absl::IsDataLoss(Read(server.url()).status()));
}

}  // namespace
}  // namespace registry_manager
