// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/api/media_types.h"
#include "common/registry/testing/image_copier_fixture.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;

// A source that has a referrers API, in front of a real registry without.
class ReferrersCopyTest : public ImageCopierTest {
 protected:
  ReferrersCopyTest()
      : source_(
            [this](const Request& request, Response& response) {
              const size_t at = request.path.find("/referrers/");
              if (at == std::string::npos) return false;
              json list = json::array();
              for (const auto& [subject, referrer] : referrers_) {
                if (!absl::EndsWith(request.path, subject.str())) continue;
                list.push_back({{"mediaType", std::string(kOciManifest)},
                                {"digest", referrer.digest.str()},
                                {"size", referrer.bytes.size()}});
              }
              response.set_content(
                  json{{"schemaVersion", 2}, {"manifests", list}}.dump(),
                  std::string(kOciIndex));
              return true;
            },
            a_.url()) {}

  RawManifest Attach(const RawManifest& subject, const std::string& salt) {
    const RawManifest referrer =
        PushImage("", {.subject = subject, .salt = salt});
    referrers_.emplace(subject.digest, referrer);
    return referrer;
  }

  std::multimap<Digest, RawManifest> referrers_;
  ScriptedRegistry source_;
};

TEST_F(ReferrersCopyTest, ComeAlongWithTheirOwnAndAreFiledByTag) {
  const RawManifest image = PushImage("latest");
  const RawManifest sbom = Attach(image, "sbom");
  const RawManifest other = Attach(image, "other");
  const RawManifest signature = Attach(sbom, "signature");
  ASSERT_TRUE(CopyTag("latest").ok());
  for (const size_t expected : {3u, 0u}) {
    Copy copy(*this, source_.url(), b_.url());
    const auto missing = copy.copier.MissingReferrers(image.digest);
    ASSERT_TRUE(missing.ok()) << missing.status();
    EXPECT_EQ(missing->size(), expected);
    Copy again(*this, source_.url(), b_.url());
    const auto copied = again.copier.CopyReferrers(image.digest);
    ASSERT_TRUE(copied.ok()) << copied.status();
    EXPECT_EQ(copied->size(), expected);
  }
  for (const RawManifest& referrer : {sbom, other, signature}) {
    ExpectCopied(referrer.digest.str(), referrer);
  }
  const auto index = GetManifest(to_.client(), "to",
                                 absl::StrCat("sha256-", image.digest.hex()));
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(ParseManifest(*index)->children.size(), 2u);
}

TEST_F(ReferrersCopyTest, OneThatFailsStopsNoOther) {
  const RawManifest image = PushImage("latest");
  const RawManifest broken = Attach(image, "broken");
  const RawManifest good = Attach(image, "good");
  a_.LoseManifest("from", broken.digest.str());
  Copy copy(*this, source_.url(), b_.url());
  const auto outcomes = copy.copier.CopyReferrers(image.digest);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  std::map<Digest, bool> copied;
  for (const ReferrerOutcome& one : *outcomes) {
    copied.emplace(one.digest, one.status.ok());
  }
  EXPECT_EQ(copied, (std::map<Digest, bool>{{broken.digest, false},
                                            {good.digest, true}}));
  ExpectCopied(good.digest.str(), good);
}

TEST_F(ReferrersCopyTest, ASubjectIsAskedAboutOnce) {
  const RawManifest image = PushImage("latest");
  Attach(image, "sbom");
  Copy copy(*this, source_.url(), b_.url());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(copy.copier.CopyReferrers(image.digest).ok());
  }
  EXPECT_EQ(source_.Count(
                absl::StrCat("GET /v2/from/referrers/", image.digest.str())),
            1);
}

TEST_F(ReferrersCopyTest, AShorterFallbackTagTakesNothingFromALongerOne) {
  const RawManifest image = PushImage("latest");
  const RawManifest newer = Attach(image, "newer");
  const RawManifest older = PushImage("", {.subject = image, .salt = "older"});
  const std::string tag = absl::StrCat("sha256-", image.digest.hex());
  const RawManifest index = PushTestIndex(from_.client(), "from", tag, {older});
  ASSERT_TRUE(CopyTag(tag).ok());
  ExpectCopied(tag, index);
  Copy copy(*this, source_.url(), b_.url());
  ASSERT_TRUE(copy.copier.CopyReferrers(image.digest).ok());
  const auto both = GetManifest(to_.client(), "to", tag);
  ASSERT_TRUE(both.ok()) << both.status();
  ASSERT_EQ(ParseManifest(*both)->children.size(), 2u);
  ASSERT_TRUE(CopyTag(tag).ok());
  ExpectCopied(tag, *both);
  // What is added at the source comes to it.
  const RawManifest third = PushImage("", {.subject = image, .salt = "third"});
  PushTestIndex(from_.client(), "from", tag, {older, third});
  ASSERT_TRUE(CopyTag(tag).ok());
  EXPECT_EQ(
      ParseManifest(*GetManifest(to_.client(), "to", tag))->children.size(),
      3u);
  // A source that lists all of it, and more, is copied byte for byte.
  const RawManifest all =
      PushTestIndex(from_.client(), "from", tag, {older, third, newer, image});
  ASSERT_TRUE(CopyTag(tag).ok());
  ExpectCopied(tag, all);
}

TEST_F(ReferrersCopyTest, AFallbackTagThatListsWhatHasGoneIsNotMerged) {
  const RawManifest image = PushImage("latest");
  const RawManifest gone = PushImage("", {.subject = image, .salt = "gone"});
  const std::string tag = absl::StrCat("sha256-", image.digest.hex());
  PushTestIndex(from_.client(), "from", tag, {gone});
  ASSERT_TRUE(CopyTag(tag).ok());
  b_.LoseManifest("to", gone.digest.str());
  const RawManifest other = PushImage("", {.subject = image, .salt = "other"});
  const RawManifest index = PushTestIndex(from_.client(), "from", tag, {other});
  const absl::Status status = CopyTag(tag);
  EXPECT_TRUE(status.ok()) << status;
  ExpectCopied(tag, index);
}

TEST_F(ReferrersCopyTest, ATargetThatFilesThemKeepsNoTag) {
  const RawManifest image = PushImage("latest");
  Attach(image, "sbom");
  ScriptedRegistry target(
      [&](const Request& request, Response& response) {
        if (!absl::StrContains(request.path, "/referrers/")) return false;
        response.set_content(R"({"schemaVersion":2,"manifests":[]})",
                             std::string(kOciIndex));
        return true;
      },
      b_.url(),
      [&](const Request& request, Response& response) {
        if (request.method == "PUT") {
          response.set_header("OCI-Subject", image.digest.str());
        }
      });
  Copy copy(*this, source_.url(), target.url());
  ASSERT_TRUE(copy.copier.CopyTag("latest").ok());
  EXPECT_EQ(copy.copier.CopyReferrers(image.digest)->size(), 1u);
  EXPECT_TRUE(
      absl::IsNotFound(HeadManifest(to_.client(), "to",
                                    absl::StrCat("sha256-", image.digest.hex()))
                           .status()));
}

TEST_F(ReferrersCopyTest, ASourceWithoutTheApiHasNone) {
  const RawManifest image = PushImage("latest");
  Copy copy(*this, a_.url(), b_.url());
  EXPECT_TRUE(copy.copier.CopyReferrers(image.digest)->empty());
}

}  // namespace
}  // namespace registry_manager
