// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/manifests.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/http/raw_server.h"
#include "common/registry/api/media_types.h"
#include "common/registry/connection/errors.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

const std::string kBytes = R"({"schemaVersion":2,"layers":[]})";

ScriptedRegistry::Script Serve(const std::string& bytes,
                               const std::string& digest,
                               const std::string& type) {
  return [=](const Request&, Response& response) {
    response.set_content(bytes, type);
    if (!digest.empty()) response.set_header("Docker-Content-Digest", digest);
    return true;
  };
}

absl::StatusOr<RawManifest> GetOf(ScriptedRegistry::Script script,
                                  const std::string& reference) {
  ScriptedRegistry server(std::move(script));
  ClientFixture fixture(server.url());
  return GetManifest(fixture.client(), "r", reference);
}

TEST(ManifestsTest, OfARealRegistry) {
  RegistryProcess registry;
  ClientFixture fixture(registry.url());
  const RawManifest pushed = PushTestImage(fixture.client(), "r", "latest");
  const auto head = HeadManifest(fixture.client(), "r", "latest");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->digest, pushed.digest);
  EXPECT_EQ(head->media_type, kOciManifest);
  const auto got = GetManifest(fixture.client(), "r", pushed.digest.str());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->bytes, pushed.bytes);
  EXPECT_EQ(got->media_type, kOciManifest);
  const absl::Status absent =
      HeadManifest(fixture.client(), "r", "absent").status();
  EXPECT_TRUE(absl::IsNotFound(absent));
  EXPECT_EQ(RegistryCode(GetManifest(fixture.client(), "r", "absent").status()),
            "MANIFEST_UNKNOWN");
  EXPECT_TRUE(DeleteManifest(fixture.client(), "r", pushed.digest.str()).ok());
  EXPECT_TRUE(absl::IsNotFound(
      DeleteManifest(fixture.client(), "r", pushed.digest.str())));
}

TEST(ManifestsTest, APushOfWhatLacksItsBlobsSaysSo) {
  RegistryProcess registry;
  ClientFixture fixture(registry.url());
  const std::string bytes = absl::StrCat(
      R"({"schemaVersion":2,"mediaType":")", kOciManifest,
      R"(","config":{"mediaType":")", kOciConfig, R"(","digest":")",
      Digest::Of("nowhere").str(), R"(","size":7},"layers":[]})");
  const absl::Status status =
      PutManifest(fixture.client(), "r", "latest",
                  {Digest::Of(bytes), std::string(kOciManifest), bytes})
          .status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(RegistryCode(status), "MANIFEST_BLOB_UNKNOWN");
}

TEST(ManifestsTest, WithoutADigestHeaderTheBytesTell) {
  ScriptedRegistry server(Serve(kBytes, "", "application/json"));
  ClientFixture fixture(server.url());
  const auto head = HeadManifest(fixture.client(), "r", "latest");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->digest, Digest::Of(kBytes));
  EXPECT_EQ(server.Count("GET"), 1);
}

TEST(ManifestsTest, AHeadThatIsNotAllowedIsAskedAsAGet) {
  for (const int status : {405, 501}) {
    ScriptedRegistry server([&](const Request& request, Response& response) {
      if (request.method == "HEAD") return response.status = status, true;
      return Serve(kBytes, "", "application/json")(request, response);
    });
    ClientFixture fixture(server.url());
    const auto head = HeadManifest(fixture.client(), "r", "latest");
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ(head->digest, Digest::Of(kBytes));
  }
}

TEST(ManifestsTest, WrongDigestsAreDataLoss) {
  const std::string other = Digest::Of("other").str();
  EXPECT_TRUE(
      absl::IsDataLoss(GetOf(Serve(kBytes, other, "x/y"), "latest").status()));
  EXPECT_TRUE(
      absl::IsDataLoss(GetOf(Serve(kBytes, "", "x/y"), other).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      GetOf(Serve(kBytes, Digest::Of(kBytes).str(), "x/y"), other).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      GetOf(Serve(kBytes, other, "x/y"), Digest::Of(kBytes).str()).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      GetOf(Serve(kBytes, "md5:abc", "x/y"), "latest").status()));
}

TEST(ManifestsTest, AVersionNumberDoesNotExcuseAWrongDigest) {
  const std::string image =
      absl::StrCat(R"({"schemaVersion":1,"layers":[{"digest":")",
                   Digest::Of("x").str(), R"(","size":1}]})");
  EXPECT_TRUE(absl::IsDataLoss(
      GetOf(Serve(image, Digest::Of("other").str(), "x/y"), "latest")
          .status()));
}

TEST(ManifestsTest, SchemaOneGoesByTheHeader) {
  const std::string digest = Digest::Of("the signed part").str();
  const auto manifest = GetOf(
      Serve(R"({"schemaVersion":1,"fsLayers":[],"signatures":[]})", digest,
            "application/vnd.docker.distribution.manifest.v1+prettyjws"),
      "latest");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->digest.str(), digest);
}

TEST(ManifestsTest, ParametersOfTheTypeAreDropped) {
  const auto manifest =
      GetOf(Serve(kBytes, "", absl::StrCat(kOciManifest, "; charset=utf-8")),
            "latest");
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->media_type, kOciManifest);
}

TEST(ManifestsTest, AHeadWithAnotherDigestThanAskedForIsNotBelieved) {
  const std::string asked = Digest::Of("asked").str();
  ScriptedRegistry server(
      Serve(kBytes, Digest::Of(kBytes).str(), "application/json"));
  ClientFixture fixture(server.url());
  EXPECT_TRUE(
      absl::IsDataLoss(HeadManifest(fixture.client(), "r", asked).status()));
}

TEST(ManifestsTest, ARegistryThatStoresSomethingElseIsCaught) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.status = 201;
    response.set_header("Docker-Content-Digest", Digest::Of("else").str());
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsDataLoss(
      PutManifest(fixture.client(), "r", "latest",
                  {Digest::Of(kBytes), std::string(kOciManifest), kBytes})
          .status()));
}

TEST(ManifestsTest, TellsWhetherASubjectWasFiled) {
  ScriptedRegistry server([](const Request& request, Response& response) {
    response.status = 201;
    if (request.path == "/v2/r/manifests/filed") {
      response.set_header("OCI-Subject", Digest::Of("x").str());
    }
    return true;
  });
  ClientFixture fixture(server.url());
  const RawManifest raw{Digest::Of(kBytes), std::string(kOciManifest), kBytes};
  EXPECT_TRUE(PutManifest(fixture.client(), "r", "filed", raw)->subject_filed);
  EXPECT_FALSE(PutManifest(fixture.client(), "r", "other", raw)->subject_filed);
}

TEST(ManifestsTest, APushWhoseAnswerIsLostIsRepeated) {
  std::atomic<int> puts = 0;
  RawServer server([&](RawConnection& connection) {
    while (true) {
      const std::string head = connection.ReadHead();
      if (head.empty()) return;
      connection.ReadBody(kBytes.size());
      if (++puts == 1) return;
      connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    }
  });
  ClientFixture fixture(server.Url(""));
  const auto put =
      PutManifest(fixture.client(), "r", "latest",
                  {Digest::Of(kBytes), std::string(kOciManifest), kBytes});
  EXPECT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(puts, 2);
}

RawManifest SomeManifest() {
  const std::string bytes = R"({"schemaVersion":2,"manifests":[]})";
  return {Digest::Of(bytes), std::string(kOciIndex), bytes};
}

ScriptedRegistry::Script Serve(const RawManifest& manifest, int head_status,
                               std::atomic<int>* wrong) {
  return [=](const httplib::Request& request, httplib::Response& response) {
    if (request.method == "HEAD") {
      response.status = head_status;
      return true;
    }
    std::string bytes = manifest.bytes;
    if ((*wrong)-- > 0) bytes[1] ^= static_cast<char>(1 + (*wrong & 1));
    response.set_header("Docker-Content-Digest", manifest.digest.str());
    response.set_content(bytes, manifest.media_type);
    return true;
  };
}

TEST(ManifestsTest, AListedTagThatAHeadDeniesIsAskedForWithAGet) {
  const RawManifest manifest = SomeManifest();
  std::atomic<int> wrong = 0;
  ScriptedRegistry server(Serve(manifest, 404, &wrong));
  ClientFixture fixture(server.url());
  EXPECT_TRUE(
      absl::IsNotFound(HeadManifest(fixture.client(), "r", "t").status()));
  for (int i = 0; i < 3; ++i) {
    const auto head = HeadListedTag(fixture.client(), "r", "t");
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ(head->digest, manifest.digest);
  }
  // From then on nobody asks with a HEAD.
  EXPECT_EQ(server.Count("HEAD"), 2);
  EXPECT_TRUE(HeadManifest(fixture.client(), "r", "t").ok());
}

TEST(ManifestsTest, WrongBytesAreFetchedAgain) {
  const RawManifest manifest = SomeManifest();
  std::atomic<int> wrong = 2;
  ScriptedRegistry server(Serve(manifest, 404, &wrong));
  ClientFixture fixture(server.url());
  const auto raw = GetManifest(fixture.client(), "r", manifest.digest.str());
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(raw->bytes, manifest.bytes);
  EXPECT_EQ(server.Count("GET"), 3);
}

TEST(ManifestsTest, TheSameWrongBytesAgainAreAFailure) {
  const RawManifest manifest = SomeManifest();
  ScriptedRegistry server([&](const auto&, httplib::Response& response) {
    response.set_content("{}", manifest.media_type);
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsDataLoss(
      GetManifest(fixture.client(), "r", manifest.digest.str()).status()));
  EXPECT_EQ(server.Count("GET"), 2);
}

}  // namespace
}  // namespace registry_manager
