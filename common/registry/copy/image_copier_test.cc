// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/image_copier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/media_types.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/connection/errors.h"
#include "common/registry/copy/local_blob_ledger.h"
#include "common/registry/testing/image_copier_fixture.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;

TEST_F(ImageCopierTest, CopiesImagesOfDockerAndOci) {
  for (const absl::string_view type : {kOciManifest, kDockerManifest}) {
    const RawManifest image =
        PushImage("latest", {.layers = {"one", TestBytes(20 << 20)},
                             .media_type = std::string(type)});
    const absl::Status status = CopyTag("latest");
    EXPECT_TRUE(status.ok()) << status;
    ExpectCopied("latest", image);
  }
  // The layers are the same.
  EXPECT_EQ(tally_.blobs_copied, 3u);
}

TEST_F(ImageCopierTest, CopiesNestedIndexesChildrenFirst) {
  const RawManifest one = PushImage("", {.salt = "1"});
  const RawManifest two =
      PushImage("", {.media_type = std::string(kDockerManifest), .salt = "2"});
  const RawManifest inner = PushTestIndex(from_.client(), "from", "", {one});
  const RawManifest list = PushTestIndex(from_.client(), "from", "", {two},
                                         std::string(kDockerList));
  const RawManifest outer =
      PushTestIndex(from_.client(), "from", "v1", {inner, list, one});
  const absl::Status status = CopyTag("v1");
  ASSERT_TRUE(status.ok()) << status;
  ExpectCopied("v1", outer);
  for (const RawManifest& child : {one, two, inner, list}) {
    ExpectCopied(child.digest.str(), child);
  }
}

TEST_F(ImageCopierTest, ASecondCopySendsNothing) {
  const RawManifest image = PushImage("", {.layers = {TestBytes(1 << 20)}});
  PushTestIndex(from_.client(), "from", "v1", {image});
  ScriptedRegistry proxy(nullptr, b_.url());
  ASSERT_TRUE(CopyTag("v1", proxy.url()).ok());
  EXPECT_EQ(tally_.blobs_copied, 2u);
  const int writes =
      proxy.Count("POST") + proxy.Count("PATCH") + proxy.Count("PUT");
  // Also of a worker that knows nothing of the first.
  for (const bool fresh : {false, true}) {
    LocalBlobLedger empty;
    Copy copy(*this, a_.url(), proxy.url());
    ImageCopier copier(
        {copy.source.client(), "from", copy.target.client(), "to"},
        fresh ? &empty : &ledger_, &ClientFixture::Pool(), &tally_);
    ASSERT_TRUE(copier.CopyTag("v1").ok());
  }
  EXPECT_EQ(tally_.blobs_copied, 2u);
  // But the tag itself.
  EXPECT_EQ(proxy.Count("POST") + proxy.Count("PATCH") + proxy.Count("PUT"),
            writes + 2);
}

TEST_F(ImageCopierTest, AnIndexThatLostAChildAtTheTargetIsMended) {
  const RawManifest image = PushImage("", {.salt = "x"});
  const RawManifest inner = PushTestIndex(from_.client(), "from", "", {image});
  PushTestIndex(from_.client(), "from", "v1", {inner});
  ASSERT_TRUE(CopyTag("v1").ok());
  ASSERT_TRUE(DeleteManifest(to_.client(), "to", image.digest.str()).ok());
  ASSERT_TRUE(CopyTag("v1").ok());
  ExpectCopied(image.digest.str(), image);
}

TEST_F(ImageCopierTest, OfForeignLayersOnlyTheirAddressIsCopied) {
  const RawManifest base = PushImage("");
  json document = json::parse(base.bytes);
  document["layers"].push_back(
      {{"mediaType",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
       {"digest", Digest::Of("nowhere").str()},
       {"size", 7},
       {"urls", {"https://example.com/layer"}}});
  const std::string bytes = document.dump();
  // The source answers with it; 2.8.2 does not take such as it is configured.
  ScriptedRegistry source(
      [&](const Request& request, Response& response) {
        if (!absl::EndsWith(request.path, "/manifests/foreign")) return false;
        response.set_content(bytes, std::string(kOciManifest));
        return true;
      },
      a_.url());
  std::string pushed;
  ScriptedRegistry target(
      [&](const Request& request, Response& response) {
        if (request.method != "PUT" ||
            !absl::StrContains(request.path, "/manifests/")) {
          return false;
        }
        pushed = request.body;
        response.status = 201;
        return true;
      },
      b_.url());
  Copy copy(*this, source.url(), target.url());
  const absl::Status status = copy.copier.CopyTag("foreign");
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(pushed, bytes);
  EXPECT_EQ(tally_.blobs_copied, 2u);
}

TEST_F(ImageCopierTest, UnknownMediaTypesAreCopiedAsTheyAre) {
  const std::string blob = "an artifact's content";
  const Descriptor descriptor =
      PushTestBlob(from_.client(), "from", blob, "application/x");
  const std::string bytes = absl::StrCat(
      R"({"mediaType":"application/vnd.future.manifest.v9+json","blobs":[{"mediaType":"application/x","digest":")",
      descriptor.digest.str(), R"(","size":)", descriptor.size, "}]}  ");
  ScriptedRegistry source(
      [&](const Request& request, Response& response) {
        if (!absl::EndsWith(request.path, "/manifests/odd")) return false;
        response.set_content(bytes, "application/octet-stream");
        return true;
      },
      a_.url());
  std::string type, pushed;
  ScriptedRegistry target(
      [&](const Request& request, Response& response) {
        if (request.method != "PUT" ||
            !absl::StrContains(request.path, "/manifests/")) {
          return false;
        }
        type = request.get_header_value("Content-Type");
        pushed = request.body;
        response.status = 201;
        return true;
      },
      b_.url());
  Copy copy(*this, source.url(), target.url());
  const absl::Status status = copy.copier.CopyTag("odd");
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(pushed, bytes);
  EXPECT_EQ(type, "application/vnd.future.manifest.v9+json");
  EXPECT_EQ(tally_.blobs_copied, 1u);
}

TEST_F(ImageCopierTest, AMissingBlobAtTheSourceLeavesTheTagAsItWas) {
  const RawManifest before = PushImage("latest", {.salt = "before"});
  ASSERT_TRUE(CopyTag("latest").ok());
  PushImage("latest", {.layers = {TestBytes(1 << 20, 7)}});
  ScriptedRegistry source(
      [&](const Request& request, Response& response) {
        if (!absl::EndsWith(request.path,
                            Digest::Of(TestBytes(1 << 20, 7)).str())) {
          return false;
        }
        AnswerError(response, 404, "BLOB_UNKNOWN");
        return true;
      },
      a_.url());
  Copy copy(*this, source.url(), b_.url());
  const absl::Status status = copy.copier.CopyTag("latest");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(),
                                Digest::Of(TestBytes(1 << 20, 7)).str()));
  ExpectCopied("latest", before);
}

TEST_F(ImageCopierTest, AMissingChildAtTheSourceIsNamed) {
  const RawManifest image = PushImage("", {.salt = "gone"});
  PushTestIndex(from_.client(), "from", "v1", {image});
  a_.LoseManifest("from", image.digest.str());
  const absl::Status status = CopyTag("v1");
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_TRUE(absl::StrContains(status.message(), image.digest.str()));
  EXPECT_TRUE(
      absl::IsNotFound(HeadManifest(to_.client(), "to", "v1").status()));
}

TEST_F(ImageCopierTest, AManifestThatIsRefusedInPassingIsPutAgain) {
  const RawManifest image = PushImage("latest");
  for (const auto& [code, passing] : {std::pair("MANIFEST_BLOB_UNKNOWN", true),
                                      {"DIGEST_INVALID", true},
                                      {"MANIFEST_BLOB_UNKNOWN", false}}) {
    std::atomic<int> puts = 0;
    ScriptedRegistry target(
        [&, code = code, passing = passing](const Request& request,
                                            Response& response) {
          if (request.method != "PUT" ||
              !absl::StrContains(request.path, "/manifests/")) {
            return false;
          }
          if (++puts > 1 && passing) return false;
          AnswerError(response, 400, code);
          return true;
        },
        b_.url());
    const absl::Status status = CopyTag("latest", target.url());
    EXPECT_EQ(status.ok(), passing) << status;
    EXPECT_EQ(puts, passing ? 2 : 4);
  }
  ExpectCopied("latest", image);
}

TEST_F(ImageCopierTest, AMountThatBroughtNothingIsNotTriedAgain) {
  const RawManifest image = PushImage("latest");
  ScriptedRegistry target(
      [](const Request& request, Response& response) {
        if (!request.has_param("mount")) return false;
        response.status = 201;
        return true;
      },
      b_.url());
  const Address address = *Address::Parse(target.url());
  const auto manifest = ParseManifest(image);
  for (const Descriptor& blob : {*manifest->config, manifest->layers.front()}) {
    ASSERT_TRUE(
        ledger_.Claim(address, "other", blob.digest, to_.cancellation()).ok());
    ledger_.Finish(address, "other", blob.digest, true);
  }
  const absl::Status status = CopyTag("latest", target.url());
  EXPECT_TRUE(status.ok()) << status;
  ExpectCopied("latest", image);
}

TEST_F(ImageCopierTest, WhatTheLedgerSaysWronglyIsSentAfterAll) {
  const RawManifest image = PushImage("latest");
  const auto manifest = ParseManifest(image);
  for (const Descriptor& blob : {*manifest->config, manifest->layers.front()}) {
    ASSERT_TRUE(ledger_
                    .Claim(to_.connection().address(), "to", blob.digest,
                           to_.cancellation())
                    .ok());
    ledger_.Finish(to_.connection().address(), "to", blob.digest, true);
  }
  const absl::Status status = CopyTag("latest");
  EXPECT_TRUE(status.ok()) << status;
  ExpectCopied("latest", image);
}

TEST_F(ImageCopierTest, HalfRemovedTagsAndSchemaOneAreNotCopied) {
  ASSERT_TRUE(PushPlaceholderBlobs(from_.client(), "from").ok());
  ASSERT_TRUE(PutManifest(from_.client(), "from", "half", Placeholder()).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(CopyTag("half")));
  ScriptedRegistry source([](const Request&, Response& response) {
    response.set_content(
        R"({"schemaVersion":1,"fsLayers":[],"history":[]})",
        "application/vnd.docker.distribution.manifest.v1+prettyjws");
    return true;
  });
  Copy copy(*this, source.url(), b_.url());
  EXPECT_TRUE(absl::IsUnimplemented(copy.copier.CopyTag("old")));
}

TEST_F(ImageCopierTest, IndexesWithoutEndAreRefused) {
  RawManifest child = PushImage("");
  for (int depth = 0; depth < 8; ++depth) {
    child = PushTestIndex(from_.client(), "from", absl::StrCat("d", depth),
                          {child});
  }
  EXPECT_TRUE(CopyTag("d7").ok());
  PushTestIndex(from_.client(), "from", "d8", {child});
  EXPECT_TRUE(absl::IsDataLoss(CopyTag("d8")));
}

// As `docker buildx build --cache-to type=registry` pushes it.
TEST_F(ImageCopierTest, AnIndexOfBlobsIsCopied) {
  for (const std::string type :
       {"application/vnd.buildkit.cacheconfig.v0", "application/x-unknown"}) {
    const std::string layer = TestBytes(1 << 20, 3);
    const std::string config =
        absl::StrCat(R"({"layers":[],"of":")", type, R"("})");
    json document = {{"schemaVersion", 2},
                     {"mediaType", std::string(kOciIndex)},
                     {"manifests", json::array()}};
    for (const Descriptor& blob :
         {PushTestBlob(from_.client(), "from", layer,
                       "application/vnd.oci.image.layer.v1.tar+gzip"),
          PushTestBlob(from_.client(), "from", config, type)}) {
      document["manifests"].push_back({{"mediaType", blob.media_type},
                                       {"digest", blob.digest.str()},
                                       {"size", blob.size}});
    }
    const std::string bytes = document.dump();
    const RawManifest index{Digest::Of(bytes), std::string(kOciIndex), bytes};
    const auto put = PutManifest(from_.client(), "from", "cache", index);
    ASSERT_TRUE(put.ok()) << put.status();
    for (int i = 0; i < 2; ++i) {
      Copy copy(*this, a_.url(), b_.url());
      const absl::Status status = copy.copier.CopyTag("cache");
      EXPECT_TRUE(status.ok()) << status;
      ExpectCopied("cache", index);
      const auto reached =
          copy.copier.Reach({index.digest, std::string(kOciIndex)});
      ASSERT_TRUE(reached.ok()) << reached.status();
      EXPECT_EQ(reached->front(), index.digest);
    }
    const auto blob = FetchBlob(to_.client(), "to",
                                {type, Digest::Of(config), config.size()});
    ASSERT_TRUE(blob.ok()) << blob.status();
    EXPECT_EQ(*blob, config);
  }
}

// A registry that hands manifests out as blobs must not be trusted for what
// such a one needs.
TEST_F(ImageCopierTest, AManifestThatCannotBeReadIsNotCopiedAsABlob) {
  const RawManifest image = PushImage("");
  RawManifest child = image;
  child.media_type = "application/vnd.future.manifest.v9+json";
  const RawManifest index =
      PushTestIndex(from_.client(), "from", "v1", {child});
  ScriptedRegistry source(
      [&](const Request& request, Response& response) {
        if (absl::EndsWith(request.path,
                           absl::StrCat("/manifests/", image.digest.str()))) {
          AnswerError(response, 404, "MANIFEST_UNKNOWN");
          return true;
        }
        if (!absl::EndsWith(request.path,
                            absl::StrCat("/blobs/", image.digest.str()))) {
          return false;
        }
        response.set_content(image.bytes, "application/octet-stream");
        return true;
      },
      a_.url());
  Copy copy(*this, source.url(), b_.url());
  EXPECT_TRUE(absl::IsNotFound(copy.copier.CopyTag("v1")));
  EXPECT_TRUE(
      absl::IsNotFound(HeadManifest(to_.client(), "to", "v1").status()));
}

TEST_F(ImageCopierTest, ReachIsTheImageAndAllThatItsIndexesList) {
  const RawManifest one = PushImage("", {.salt = "1"});
  const RawManifest two = PushImage("", {.salt = "2"});
  const RawManifest inner = PushTestIndex(from_.client(), "from", "", {one});
  const RawManifest outer =
      PushTestIndex(from_.client(), "from", "v1", {inner, two, one});
  Copy copy(*this, a_.url(), b_.url());
  const auto reached =
      copy.copier.Reach({outer.digest, std::string(kOciIndex)});
  ASSERT_TRUE(reached.ok()) << reached.status();
  EXPECT_EQ(
      std::set<Digest>(reached->begin(), reached->end()),
      (std::set<Digest>{outer.digest, inner.digest, one.digest, two.digest}));
}

}  // namespace
}  // namespace registry_manager
