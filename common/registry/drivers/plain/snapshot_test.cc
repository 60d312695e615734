// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/drivers/plain/tag_states.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;

class SnapshotTest : public testing::Test {
 protected:
  RawManifest Push(const std::string& tag, const TestImage& image = {}) {
    return PushTestImage(fixture_.client(), "r", tag, image);
  }
  RawManifest PushIndex(const std::string& tag,
                        const std::vector<RawManifest>& children) {
    return PushTestIndex(fixture_.client(), "r", tag, children);
  }
  absl::StatusOr<SnapshotReading> Read(const std::vector<std::string>& doomed,
                                       const std::string& url = "") {
    at_ = std::make_unique<ClientFixture>(url.empty() ? registry_.url() : url,
                                          Credentials(), 16, 1);
    const auto states =
        ReadTagStates(at_->client(), "r", ClientFixture::Pool());
    if (!states.ok()) return states.status();
    SnapshotReader reader(at_->client(), "r", &ClientFixture::Pool());
    return reader.Read(*states, doomed, {});
  }
  CreationTime CreationTimeOf(const std::string& tag,
                              const std::string& url = "") {
    ClientFixture fixture(url.empty() ? registry_.url() : url, {}, 16, 0);
    const auto states =
        ReadTagStates(fixture.client(), "r", ClientFixture::Pool());
    EXPECT_TRUE(states.ok()) << states.status();
    SnapshotReader reader(fixture.client(), "r", &ClientFixture::Pool());
    return reader.ReadCreationTimes(*states, {tag}).at(tag);
  }

  RegistryProcess registry_;
  ClientFixture fixture_{registry_.url()};
  std::unique_ptr<ClientFixture> at_;
};

TEST_F(SnapshotTest, FollowsNestedIndexes) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest two = Push("", {.salt = "2"});
  const RawManifest inner = PushIndex("", {one});
  const RawManifest outer = PushIndex("v1", {inner, two});
  const auto read = Read({});
  ASSERT_TRUE(read.ok()) << read.status();
  const RepositorySnapshot& snapshot = read->snapshot;
  ASSERT_EQ(snapshot.tags.size(), 1u);
  EXPECT_EQ(snapshot.tags[0].tag, "v1");
  EXPECT_EQ(snapshot.tags[0].digest, outer.digest);
  EXPECT_EQ(snapshot.manifests.at(outer.digest).children,
            (std::vector<Digest>{inner.digest, two.digest}));
  EXPECT_EQ(snapshot.manifests.at(inner.digest).children,
            (std::vector<Digest>{one.digest}));
  EXPECT_TRUE(read->notes.empty());
}

// A proxy, or a cache, may name a type of its own.
TEST_F(SnapshotTest, ReadsWhatAHeadGivesAnUnfamiliarType) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest index = PushIndex("v1", {one});
  ScriptedRegistry server(
      nullptr, registry_.url(), [](const Request& request, Response& response) {
        if (request.method != "HEAD") return;
        response.headers.erase("Content-Type");
        response.set_header("Content-Type", "application/octet-stream");
      });
  const auto read = Read({}, server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_TRUE(read->snapshot.manifests.contains(index.digest));
  EXPECT_EQ(read->snapshot.manifests.at(index.digest).children,
            std::vector<Digest>{one.digest});
}

TEST_F(SnapshotTest, MissingChildrenProtectNothingAndAreNoted) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest lost = Push("", {.salt = "lost"});
  const RawManifest inner = PushIndex("", {lost, one});
  const RawManifest outer = PushIndex("v1", {inner});
  registry_.LoseManifest("r", lost.digest.str());
  for (const std::vector<std::string>& doomed :
       {std::vector<std::string>{}, std::vector<std::string>{"v1"}}) {
    const auto read = Read(doomed);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->snapshot.manifests.at(inner.digest).children,
              std::vector<Digest>{one.digest});
    ASSERT_EQ(read->notes.size(), 1u);
    EXPECT_TRUE(absl::StrContains(read->notes[0], lost.digest.str()));
  }
}

TEST_F(SnapshotTest, AChildThatCannotBeReadForAnotherReasonStops) {
  const RawManifest one = Push("", {.salt = "1"});
  PushIndex("v1", {one});
  for (const int failure : {403, 500}) {
    ScriptedRegistry server(
        [&](const Request& request, Response& response) {
          if (!absl::EndsWith(request.path, one.digest.str())) return false;
          return AnswerError(response, failure, "X"), true;
        },
        registry_.url());
    EXPECT_FALSE(Read({}, server.url()).ok()) << failure;
  }
}

TEST_F(SnapshotTest, AChildIsMissingOnlyWhereAGetSaysSoToo) {
  const RawManifest one =
      Push("", {.media_type = std::string(kDockerManifest)});
  const RawManifest index = PushIndex("v1", {one});
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (request.method != "HEAD" ||
            !absl::EndsWith(request.path, one.digest.str())) {
          return false;
        }
        return AnswerError(response, 404, "MANIFEST_UNKNOWN"), true;
      },
      registry_.url());
  const auto read = Read({}, server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->snapshot.manifests.at(index.digest).children,
            std::vector<Digest>{one.digest});
}

TEST_F(SnapshotTest, AMissingChildIsLookedForAgain) {
  const RawManifest one = Push("", {});
  const RawManifest index = PushIndex("v1", {one});
  bool is_there = false;
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (is_there || !absl::EndsWith(request.path, one.digest.str())) {
          return false;
        }
        return AnswerError(response, 404, "MANIFEST_UNKNOWN"), true;
      },
      registry_.url());
  ClientFixture at(server.url(), Credentials(), 16, 1);
  const auto states = ReadTagStates(at.client(), "r", ClientFixture::Pool());
  ASSERT_TRUE(states.ok()) << states.status();
  SnapshotReader reader(at.client(), "r", &ClientFixture::Pool());
  auto read = reader.Read(*states, {}, {});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->snapshot.manifests.at(index.digest).children.empty());
  is_there = true;
  read = reader.Read(*states, {}, {});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->snapshot.manifests.at(index.digest).children.size(), 1u);
}

TEST_F(SnapshotTest, AChildWithATagOfItsOwnThatIsMissingByDigestIsLost) {
  const RawManifest one =
      Push("child", {.media_type = std::string(kDockerManifest)});
  PushIndex("v1", {one});
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (!absl::EndsWith(request.path, one.digest.str())) return false;
        return AnswerError(response, 404, "MANIFEST_UNKNOWN"), true;
      },
      registry_.url());
  const auto read = Read({}, server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->lost_tags, std::vector<std::string>{"child"});
}

TEST_F(SnapshotTest, TheSubjectOfADoomedImageIsLookedForAlsoWithoutATag) {
  const RawManifest image =
      Push("", {.media_type = std::string(kDockerManifest)});
  const RawManifest lost = Push("", {.salt = "lost"});
  Push("develop-1", {.subject = image, .salt = "1"});
  Push("develop-2", {.subject = lost, .salt = "2"});
  registry_.LoseManifest("r", lost.digest.str());
  const auto read = Read({"develop-1", "develop-2"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->snapshot.manifests.contains(image.digest));
  EXPECT_FALSE(read->snapshot.manifests.contains(lost.digest));
}

TEST_F(SnapshotTest, AnIndexThatIsHandedOutByTagOnlyIsLost) {
  const RawManifest index = PushIndex("v1", {Push("", {})});
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (!absl::EndsWith(request.path, index.digest.str())) return false;
        return AnswerError(response, 404, "MANIFEST_UNKNOWN"), true;
      },
      registry_.url());
  const auto read = Read({}, server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->lost_tags, std::vector<std::string>{"v1"});
}

// Its image may be kept, and then so is it.
TEST_F(SnapshotTest, TheSubjectOfADoomedImageIsKnown) {
  const RawManifest image = Push("v1", {});
  const RawManifest sbom = Push("sbom-of-v1", {.subject = image, .salt = "s"});
  const auto read = Read({"sbom-of-v1"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->snapshot.manifests.at(sbom.digest).subject, image.digest);
}

TEST_F(SnapshotTest, TheSubjectOfADoomedIndexsChildIsKnown) {
  const RawManifest image = Push("v1", {});
  const RawManifest attached = Push("", {.subject = image, .salt = "s"});
  PushIndex("doomed", {attached});
  const auto read = Read({"doomed"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->snapshot.manifests.at(attached.digest).subject, image.digest);
}

TEST_F(SnapshotTest, TheSubjectOfASignatureOfADoomedImageIsKnown) {
  const RawManifest image = Push("v1", {});
  const RawManifest other = Push("v2", {.salt = "2"});
  const RawManifest signature =
      Push(absl::StrCat("sha256-", image.digest.hex(), ".sig"),
           {.subject = other, .salt = "s"});
  const auto read = Read({"v1"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->snapshot.manifests.at(signature.digest).subject,
            other.digest);
}

TEST_F(SnapshotTest, DigestsThatTagsShareAreReadOnceWhicheverIsDoomed) {
  const RawManifest one = Push("", {.salt = "1"});
  const RawManifest index = PushIndex("a", {one});
  PushIndex("b", {one});
  ScriptedRegistry server(nullptr, registry_.url());
  const auto read = Read({"b"}, server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(
      server.Count(absl::StrCat("GET /v2/r/manifests/", index.digest.str())),
      1);
  EXPECT_TRUE(read->snapshot.manifests.contains(one.digest));
}

TEST_F(SnapshotTest, ReferrersOfWhatIsDoomedAreListedAllTheWay) {
  const RawManifest child = Push("", {.salt = "child"});
  const RawManifest index = PushIndex("v1", {child});
  const RawManifest sbom = Push("", {.subject = child, .salt = "sbom"});
  const RawManifest signature = Push("", {.subject = sbom, .salt = "sig"});
  const RawManifest gone = Push("", {.subject = child, .salt = "gone"});
  registry_.LoseManifest("r", gone.digest.str());
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (!absl::StrContains(request.path, "/referrers/")) return false;
        json list = json::array();
        const auto add = [&](const RawManifest& subject,
                             const RawManifest& referrer) {
          if (!absl::EndsWith(request.path, subject.digest.str())) return;
          list.push_back({{"mediaType", std::string(kOciManifest)},
                          {"digest", referrer.digest.str()},
                          {"size", referrer.bytes.size()}});
        };
        add(child, sbom);
        add(child, gone);
        add(sbom, signature);
        response.set_content(json{{"manifests", list}}.dump(),
                             std::string(kOciIndex));
        return true;
      },
      registry_.url());
  const auto read = Read({"v1"}, server.url());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->snapshot.referrers.at(child.digest),
            std::vector<Digest>{sbom.digest});
  EXPECT_EQ(read->snapshot.referrers.at(sbom.digest),
            std::vector<Digest>{signature.digest});
  EXPECT_EQ(read->snapshot.manifests.at(sbom.digest).subject, child.digest);
  // Nobody's referrers matter where nothing is doomed.
  const int asked = server.Count("GET /v2/r/referrers/");
  ASSERT_TRUE(Read({}, server.url()).ok());
  EXPECT_EQ(server.Count("GET /v2/r/referrers/"), asked);
}

TEST_F(SnapshotTest, ReferrersThatCannotBeListedStop) {
  Push("v1", {});
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (!absl::StrContains(request.path, "/referrers/")) return false;
        return AnswerError(response, 500, "X"), true;
      },
      registry_.url());
  EXPECT_FALSE(Read({"v1"}, server.url()).ok());
}

TEST_F(SnapshotTest, IndexesWithoutEndStop) {
  RawManifest child = Push("", {});
  for (int depth = 0; depth < 10; ++depth) child = PushIndex("", {child});
  PushIndex("deep", {child});
  EXPECT_TRUE(absl::IsDataLoss(Read({}).status()));
}

absl::Time Day(int year) {
  return absl::FromCivil(absl::CivilDay(year, 1, 1), absl::UTCTimeZone());
}

TEST_F(SnapshotTest, TheBytesOfWhatGoesAreThoseThatNothingElseNames) {
  const RawManifest one = Push("v1", {.layers = {"base", "one"}, .salt = "1"});
  const RawManifest two =
      Push("v2", {.layers = {"base", "second"}, .salt = "2"});
  at_ = std::make_unique<ClientFixture>(registry_.url(), Credentials(), 16, 1);
  const auto states = ReadTagStates(at_->client(), "r", ClientFixture::Pool());
  ASSERT_TRUE(states.ok()) << states.status();
  SnapshotReader reader(at_->client(), "r", &ClientFixture::Pool());
  EXPECT_EQ(reader.BytesOf({one.digest}), 0u) << "nothing was read yet";
  ASSERT_TRUE(reader.Read(*states, {"v1", "v2"}, {}).ok());
  const auto config = [](const RawManifest& raw) {
    return json::parse(raw.bytes)["config"]["size"].get<uint64_t>();
  };
  EXPECT_EQ(reader.BytesOf({one.digest}), config(one) + strlen("one"));
  EXPECT_EQ(reader.BytesOf({one.digest, two.digest}),
            config(one) + config(two) + strlen("base") + strlen("one") +
                strlen("second"));
}

TEST_F(SnapshotTest, CreationTimesAreTheConfigs) {
  Push("dated", {.created = "2021-01-01T00:00:00Z"});
  Push("docker", {.created = "2022-01-01T00:00:00Z",
                  .media_type = std::string(kDockerManifest)});
  Push("reproducible", {.created = "1970-01-01T00:00:00Z"});
  Push("undated", {.created = ""});
  Push("broken", {.created = "yesterday"});
  EXPECT_EQ(CreationTimeOf("dated").time, Day(2021));
  EXPECT_EQ(CreationTimeOf("docker").time, Day(2022));
  EXPECT_EQ(CreationTimeOf("reproducible").kind, CreationTime::Kind::kNone);
  EXPECT_EQ(CreationTimeOf("undated").kind, CreationTime::Kind::kNone);
  EXPECT_EQ(CreationTimeOf("broken").kind, CreationTime::Kind::kUnreadable);
}

TEST_F(SnapshotTest, AnIndexsCreationTimeIsItsNewestChilds) {
  const RawManifest older = Push("", {.created = "2021-01-01T00:00:00Z"});
  const RawManifest newer = Push("", {.created = "2023-01-01T00:00:00Z"});
  const RawManifest undated = Push("", {.created = ""});
  const RawManifest lost = Push("", {.created = "2024-01-01T00:00:00Z"});
  PushIndex("v1", {older, PushIndex("", {newer}), undated, lost});
  PushIndex("none", {undated});
  registry_.LoseManifest("r", lost.digest.str());
  EXPECT_EQ(CreationTimeOf("v1").time, Day(2023));
  EXPECT_EQ(CreationTimeOf("none").kind, CreationTime::Kind::kNone);
  ScriptedRegistry server(
      [&](const Request& request, Response& response) {
        if (!absl::EndsWith(request.path, older.digest.str())) return false;
        return AnswerError(response, 500, "X"), true;
      },
      registry_.url());
  EXPECT_EQ(CreationTimeOf("v1", server.url()).kind,
            CreationTime::Kind::kUnreadable);
}

}  // namespace
}  // namespace registry_manager
