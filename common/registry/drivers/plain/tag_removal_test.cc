// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/tag_removal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/api/listing.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/drivers/plain/plain_driver.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;
using Kind = TagOutcome::Kind;

bool IsTagDelete(const Request& request) {
  return request.method == "DELETE" &&
         !absl::StrContains(request.path, "sha256:");
}

std::string TagOf(const Request& request) {
  return request.path.substr(request.path.rfind('/') + 1);
}

class TagRemovalTest : public testing::Test {
 protected:
  TagRemovalTest() : image_(Push("doomed", "x")) {
    Push("kept", "x");
    Push("other", "y");
  }

  RawManifest Push(const std::string& tag, const std::string& salt) {
    return PushTestImage(fixture_.client(), "r", tag, {.salt = salt});
  }
  absl::StatusOr<std::vector<TagOutcome>> Remove(
      const std::string& url, const std::vector<TagToRemove>& tags) {
    ClientFixture fixture(url);
    DeletionCapabilities capabilities;
    PlainRepository repository{fixture.client(), "r", &capabilities};
    return RemoveTags(repository, tags);
  }
  std::set<std::string> Tags() {
    const auto tags = ListTags(fixture_.client(), "r");
    return tags.ok() ? std::set<std::string>(tags->begin(), tags->end())
                     : std::set<std::string>();
  }
  std::optional<Digest> Resolve(const std::string& tag) {
    const auto head = HeadManifest(fixture_.client(), "r", tag);
    if (!head.ok()) return std::nullopt;
    return head->digest;
  }
  void ExpectNothingElseChanged() {
    EXPECT_EQ(Tags(), (std::set<std::string>{"kept", "other"}));
    EXPECT_EQ(Resolve("kept"), image_.digest);
    EXPECT_TRUE(Resolve("other"));
    EXPECT_EQ(Resolve(Placeholder().digest.str()), std::nullopt);
  }

  RegistryProcess registry_;
  ClientFixture fixture_{registry_.url()};
  const RawManifest image_;
};

TEST_F(TagRemovalTest, OnARealRegistryByWayOfThePlaceholder) {
  const auto outcomes = Remove(registry_.url(), {{"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  ASSERT_EQ(outcomes->size(), 1u);
  EXPECT_EQ(outcomes->front().kind, Kind::kRemoved) << outcomes->front().status;
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, OnePlaceholderServesAllTags) {
  ScriptedRegistry server(nullptr, registry_.url());
  std::vector<TagToRemove> tags = {{"doomed", image_.digest}};
  for (int i = 0; i < 20; ++i) {
    tags.push_back({absl::StrCat("doomed-", i), image_.digest});
    Push(tags.back().tag, "x");
  }
  const auto outcomes = Remove(server.url(), tags);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  for (const TagOutcome& outcome : *outcomes) {
    EXPECT_EQ(outcome.kind, Kind::kRemoved);
  }
  EXPECT_EQ(server.Count(absl::StrCat("DELETE /v2/r/manifests/",
                                      Placeholder().digest.str())),
            1);
  EXPECT_EQ(server.Count(
                absl::StrCat("DELETE /v2/r/manifests/", image_.digest.str())),
            0);
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, ADanglingTagIsTakenAway) {
  const RawManifest lost = Push("dangling", "lost");
  registry_.LoseManifest("r", lost.digest.str());
  const auto outcomes = Remove(
      registry_.url(), {{"dangling", std::nullopt}, {"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  for (const TagOutcome& outcome : *outcomes) {
    EXPECT_EQ(outcome.kind, Kind::kRemoved) << outcome.status;
  }
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, MovedAndVanishedTagsArePassedOver) {
  const RawManifest moved = Push("moved", "new");
  const auto outcomes = Remove(registry_.url(), {{"moved", image_.digest},
                                                 {"vanished", image_.digest},
                                                 {"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0].kind, Kind::kMoved);
  EXPECT_EQ((*outcomes)[1].kind, Kind::kMoved);
  EXPECT_EQ((*outcomes)[2].kind, Kind::kRemoved);
  EXPECT_EQ(Resolve("moved"), moved.digest);
  EXPECT_EQ(Tags(), (std::set<std::string>{"kept", "moved", "other"}));
}

TEST_F(TagRemovalTest, AHalfRemovedTagIsFinished) {
  ASSERT_TRUE(PushPlaceholderBlobs(fixture_.client(), "r").ok());
  ASSERT_TRUE(
      PutManifest(fixture_.client(), "r", "doomed", Placeholder()).ok());
  const std::unique_ptr<RegistryDriver> driver =
      NewPlainDriver(&fixture_.connection(), &ClientFixture::Pool());
  EXPECT_TRUE(driver->Open(fixture_.task(), "r", /*pushes=*/false)
                  ->FinishHalfRemovedTags()
                  .ok());
  ExpectNothingElseChanged();
}

// A registry that deletes tags alone, as the distribution spec has it.
class TagDeletingRegistry {
 public:
  enum class Habit {
    kTagsAlone,
    // A DELETE of a tag deletes the manifest, but not that of a probe.
    kTakesAlong,
    // The manifest goes with its last tag.
    kTakesAlongWithTheLast,
  };
  explicit TagDeletingRegistry(RegistryProcess& registry,
                               Habit habit = Habit::kTagsAlone)
      : upstream_(registry.url()),
        storage_(registry.storage()),
        habit_(habit),
        server_(
            [this](const Request& request, Response& response) {
              if (!IsTagDelete(request)) return false;
              Untag(TagOf(request), response);
              return true;
            },
            registry.url()) {}

  ScriptedRegistry& server() { return server_; }

 private:
  void Untag(const std::string& tag, Response& response) {
    const auto head = HeadManifest(upstream_.client(), "r", tag);
    if (!head.ok()) return AnswerError(response, 404, "MANIFEST_UNKNOWN");
    const bool takes_along = habit_ == Habit::kTakesAlong
                                 ? !absl::StrContains(tag, "probe")
                             : habit_ == Habit::kTakesAlongWithTheLast
                                 ? absl::StrContains(tag, "probe-2")
                                 : false;
    if (takes_along) {
      EXPECT_TRUE(
          DeleteManifest(upstream_.client(), "r", head->digest.str()).ok());
    } else {
      std::filesystem::remove_all(
          absl::StrCat(storage_, "/repositories/r/_manifests/tags/", tag));
    }
    response.status = 202;
  }

  ClientFixture upstream_;
  const std::string storage_;
  const Habit habit_;
  ScriptedRegistry server_;
};

TEST_F(TagRemovalTest, ProvenTagDeletesAreUsed) {
  TagDeletingRegistry tags(registry_);
  ClientFixture fixture(tags.server().url());
  DeletionCapabilities capabilities;
  PlainRepository repository{fixture.client(), "r", &capabilities};
  for (const char* tag : {"doomed", "second"}) {
    Push(tag, "x");
    const auto outcomes = RemoveTags(repository, {{tag, image_.digest}});
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ(outcomes->front().kind, Kind::kRemoved);
  }
  EXPECT_EQ(tags.server().Count("DELETE /v2/r/manifests/doomed"), 1);
  // Proven once.
  EXPECT_EQ(tags.server().Count("DELETE /v2/r/manifests/registry-manager-"), 3);
  EXPECT_EQ(tags.server().Count("PUT /v2/r/manifests/"), 2);
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, ADeleteThatTakesTheProbesManifestAlongIsNotUsed) {
  ScriptedRegistry server(
      [this](const Request& request, Response& response) {
        if (!IsTagDelete(request)) return false;
        // As registries of old: the tag's digest is deleted.
        const auto digest = Resolve(TagOf(request));
        if (!digest)
          return AnswerError(response, 404, "MANIFEST_UNKNOWN"), true;
        EXPECT_EQ(*digest, Placeholder().digest);
        EXPECT_TRUE(DeleteManifest(fixture_.client(), "r", digest->str()).ok());
        response.status = 202;
        return true;
      },
      registry_.url());
  const auto outcomes = Remove(server.url(), {{"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ(outcomes->front().kind, Kind::kRemoved);
  EXPECT_EQ(server.Count("DELETE /v2/r/manifests/doomed"), 0);
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, ADeleteThatTakesTheImageAlongWithItsLastTagIsNotUsed) {
  TagDeletingRegistry tags(registry_,
                           TagDeletingRegistry::Habit::kTakesAlongWithTheLast);
  const auto outcomes =
      Remove(tags.server().url(), {{"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ(outcomes->front().kind, Kind::kRemoved);
  EXPECT_EQ(tags.server().Count("DELETE /v2/r/manifests/doomed"), 0);
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, TagsOfTheProbesNamesAreNobodysToDelete) {
  TagDeletingRegistry tags(registry_);
  Push("registry-manager-probe-1", "mine");
  const auto outcomes =
      Remove(tags.server().url(), {{"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ(outcomes->front().kind, Kind::kRemoved);
  EXPECT_NE(Resolve("registry-manager-probe-1"), std::nullopt);
  EXPECT_EQ(tags.server().Count("DELETE /v2/r/manifests/registry-manager-"), 0);
}

TEST_F(TagRemovalTest,
       WhatWasTakenAlongIsPushedBackWithItsTagsAndTheRegistryStopped) {
  TagDeletingRegistry tags(registry_, TagDeletingRegistry::Habit::kTakesAlong);
  const auto outcomes =
      Remove(tags.server().url(), {{"doomed", image_.digest, {"kept"}}});
  EXPECT_TRUE(HarmsOthers(outcomes.status())) << outcomes.status();
  EXPECT_TRUE(
      absl::StrContains(outcomes.status().message(), image_.digest.str()));
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, WhatCannotBePushedBackStopsTheRegistryAllTheSame) {
  TagDeletingRegistry tags(registry_, TagDeletingRegistry::Habit::kTakesAlong);
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "PUT" ||
            !absl::StrContains(request.path, image_.digest.str())) {
          return false;
        }
        return AnswerError(response, 403, "DENIED"), true;
      },
      tags.server().url());
  const auto outcomes = Remove(server.url(), {{"doomed", image_.digest}});
  EXPECT_TRUE(HarmsOthers(outcomes.status())) << outcomes.status();
  EXPECT_TRUE(absl::StrContains(outcomes.status().message(), "failed"));
}

// HarmsOthers() stops a whole registry: it is for nothing else.
TEST_F(TagRemovalTest, AManifestThatCannotBeVerifiedIsNoLoss) {
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "GET" ||
            !absl::StrContains(request.path, image_.digest.str())) {
          return false;
        }
        response.set_content("{}", "application/json");
        return true;
      },
      registry_.url());
  const auto outcomes = Remove(server.url(), {{"doomed", image_.digest}});
  EXPECT_FALSE(outcomes.ok());
  EXPECT_FALSE(HarmsOthers(outcomes.status())) << outcomes.status();
  EXPECT_EQ(server.Count("PUT"), 0);
  EXPECT_EQ(server.Count("DELETE"), 0);
}

TEST_F(TagRemovalTest, APlaceholderThatCannotBeDeletedFailsItsTags) {
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "DELETE") return false;
        return AnswerError(response, 403, "DENIED"), true;
      },
      registry_.url());
  const auto outcomes = Remove(
      server.url(), {{"doomed", image_.digest}, {"vanished", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0].kind, Kind::kFailed);
  EXPECT_TRUE(absl::IsPermissionDenied((*outcomes)[0].status));
  EXPECT_EQ((*outcomes)[1].kind, Kind::kMoved);
  EXPECT_EQ(Resolve("kept"), image_.digest);
}

// 2.8.2 beside a PUT: 500, the manifest gone, the tag left.
TEST_F(TagRemovalTest, ATagThatIsLeftDanglingIsFinished) {
  std::atomic<int> deletes = 0;
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "DELETE" ||
            TagOf(request) != Placeholder().digest.str() || ++deletes > 1) {
          return false;
        }
        registry_.LoseManifest("r", Placeholder().digest.str());
        response.status = 500;
        return true;
      },
      registry_.url());
  const auto outcomes = Remove(server.url(), {{"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0].kind, Kind::kRemoved) << (*outcomes)[0].status;
  EXPECT_EQ(deletes, 2);
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, APutWhoseAnswerIsLostLeavesNoPlaceholder) {
  ScriptedRegistry server(
      nullptr, registry_.url(), [](const Request& request, Response& response) {
        if (request.method == "PUT" && TagOf(request) == "doomed") {
          response.status = 500;
        }
      });
  const auto outcomes = Remove(server.url(), {{"doomed", image_.digest}});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0].kind, Kind::kRemoved) << (*outcomes)[0].status;
  ExpectNothingElseChanged();
}

TEST_F(TagRemovalTest, NothingToRemoveIsNoRequest) {
  ScriptedRegistry server(nullptr);
  EXPECT_TRUE(Remove(server.url(), {})->empty());
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace registry_manager
