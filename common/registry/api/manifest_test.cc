// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/manifest.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/registry/api/media_types.h"

namespace registry_manager {
namespace {

const std::string kA = "sha256:" + std::string(64, 'a');
const std::string kB = "sha256:" + std::string(64, 'b');
const std::string kC = "sha512:" + std::string(128, 'c');

std::string Entry(const std::string& digest, const std::string& more = "") {
  return absl::StrCat(R"({"mediaType":"t","digest":")", digest, R"(","size":7)",
                      more, "}");
}

absl::StatusOr<Manifest> Parse(const std::string& bytes,
                               absl::string_view media_type = kOciManifest) {
  return ParseManifest({Digest::Of(bytes), std::string(media_type), bytes});
}

std::string WhyNot(const std::string& bytes,
                   absl::string_view media_type = kOciManifest) {
  const auto manifest = Parse(bytes, media_type);
  EXPECT_TRUE(absl::IsDataLoss(manifest.status())) << bytes;
  return std::string(manifest.status().message());
}

TEST(ManifestTest, ReadsAnImage) {
  const auto manifest = Parse(absl::StrCat(
      R"({"schemaVersion":2,"config":)", Entry(kA), R"(,"layers":[)", Entry(kB),
      ",", Entry(kC, R"(,"urls":["https://x"])"), R"(],"subject":)", Entry(kB),
      R"(,"artifactType":"application/x"})"));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_FALSE(manifest->is_index);
  EXPECT_EQ(manifest->config->digest.str(), kA);
  EXPECT_EQ(manifest->config->size, 7u);
  EXPECT_EQ(manifest->config->media_type, "t");
  ASSERT_EQ(manifest->layers.size(), 2u);
  EXPECT_FALSE(manifest->layers[0].has_urls);
  EXPECT_TRUE(manifest->layers[1].has_urls);
  EXPECT_EQ(manifest->subject->digest.str(), kB);
  EXPECT_EQ(manifest->artifact_type, "application/x");
}

TEST(ManifestTest, ReadsAnIndex) {
  const auto manifest =
      Parse(absl::StrCat(R"({"schemaVersion":2,"manifests":[)", Entry(kA), ",",
                         Entry(kB), "]}"),
            kOciIndex);
  ASSERT_TRUE(manifest.ok());
  EXPECT_TRUE(manifest->is_index);
  EXPECT_EQ(manifest->children.size(), 2u);
  EXPECT_FALSE(manifest->config);
}

TEST(ManifestTest, AnEmptyIndexIsOneByItsType) {
  EXPECT_TRUE(
      Parse(R"({"schemaVersion":2,"manifests":[]})", kOciIndex)->is_index);
  EXPECT_TRUE(Parse(absl::StrCat(R"({"mediaType":")", kDockerList, "\"}"), "")
                  ->is_index);
  EXPECT_FALSE(Parse(R"({"schemaVersion":2,"manifests":[]})")->is_index);
}

TEST(ManifestTest, TypesThatAreNotKnownAreReadByWhatTheyHold) {
  const auto artifact = Parse(absl::StrCat(R"({"blobs":[)", Entry(kA),
                                           R"(],"subject":)", Entry(kB), "}"),
                              "application/vnd.oci.artifact.manifest.v1+json");
  ASSERT_TRUE(artifact.ok());
  EXPECT_EQ(artifact->layers.size(), 1u);
  EXPECT_TRUE(artifact->subject);
  const auto list = Parse(absl::StrCat(R"({"manifests":[)", Entry(kA), "]}"),
                          "application/vnd.future.list");
  ASSERT_TRUE(list.ok());
  EXPECT_TRUE(list->is_index);
}

TEST(ManifestTest, BothAnIndexAndAnImageIsRefused) {
  EXPECT_TRUE(
      absl::StrContains(WhyNot(absl::StrCat(R"({"manifests":[)", Entry(kA),
                                            R"(],"config":)", Entry(kB), "}")),
                        "both an index and an image"));
  WhyNot(absl::StrCat(R"({"manifests":[],"layers":[)", Entry(kB), "]}"));
  WhyNot(absl::StrCat(R"({"layers":[)", Entry(kB), "]}"), kOciIndex);
  // Null is absent.
  EXPECT_TRUE(
      Parse(absl::StrCat(R"({"manifests":null,"layers":[)", Entry(kB), "]}"))
          .ok());
}

TEST(ManifestTest, DescriptorsThatCannotBeFollowedAreRefused) {
  WhyNot(R"({"layers":[5]})");
  WhyNot(R"({"layers":{}})");
  WhyNot(R"({"layers":[{"digest":"sha256:abc","size":1}]})");
  WhyNot(R"({"layers":[{"size":1}]})");
  WhyNot(absl::StrCat(R"({"config":{"digest":")", kA, R"("}})"));
  for (const char* size : {"-1", "1.5", "\"7\"", "9223372036854775808",
                           "99999999999999999999", "null"}) {
    WhyNot(absl::StrCat(R"({"config":{"digest":")", kA, R"(","size":)", size,
                        "}}"));
  }
  WhyNot(R"({"subject":"x"})");
}

TEST(ManifestTest, WhatIsNoManifestIsRefused) {
  WhyNot("");
  WhyNot("[]");
  WhyNot("null");
  WhyNot("<html>");
  WhyNot(R"({"layers":)" + std::string(100000, '[') + "}");
}

TEST(ManifestTest, AnIndexHasTenThousandChildrenAtMost) {
  std::string list = Entry(kA);
  for (int i = 1; i < 10000; ++i) list += "," + Entry(kA);
  EXPECT_TRUE(Parse(R"({"manifests":[)" + list + "]}", kOciIndex).ok());
  WhyNot(R"({"manifests":[)" + list + "," + Entry(kA) + "]}", kOciIndex);
}

TEST(ManifestTest, SchemaOneIsToldByTypeOrVersion) {
  const std::string bytes = R"({"schemaVersion":1,"fsLayers":[],"history":[]})";
  EXPECT_TRUE(Parse(bytes, "application/json")->is_schema1);
  EXPECT_TRUE(Parse(R"({"fsLayers":[]})",
                    "application/vnd.docker.distribution.manifest.v1+prettyjws")
                  ->is_schema1);
  EXPECT_TRUE(IsSchema1("", bytes));
  EXPECT_FALSE(IsSchema1("", R"({"schemaVersion":2})"));
}

TEST(ManifestTest, NothingHidesBehindAnOldVersionNumber) {
  const auto index = Parse(
      absl::StrCat(R"({"schemaVersion":1,"manifests":[)", Entry(kA), "]}"),
      kOciIndex);
  ASSERT_TRUE(index.ok());
  EXPECT_FALSE(index->is_schema1);
  EXPECT_EQ(index->children.size(), 1u);
}

absl::Time Day(int year, int month, int day) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone());
}

TEST(CreatedTest, ReadsRfc3339) {
  EXPECT_EQ(**ParseCreated(R"({"created":"2024-05-01T00:00:00Z"})"),
            Day(2024, 5, 1));
  EXPECT_EQ(
      **ParseCreated(R"({"created":"2024-05-01T02:00:00.000000000+02:00"})"),
      Day(2024, 5, 1));
}

TEST(CreatedTest, ReproducibleBuildsCarryNone) {
  EXPECT_EQ(*ParseCreated(R"({"created":"1970-01-01T00:00:00Z"})"),
            std::nullopt);
  EXPECT_EQ(*ParseCreated(R"({"created":"0001-01-01T00:00:00Z"})"),
            std::nullopt);
  EXPECT_EQ(*ParseCreated(R"({"created":"1999-12-31T23:59:59Z"})"),
            std::nullopt);
  EXPECT_TRUE(
      ParseCreated(R"({"created":"2000-01-01T00:00:00Z"})")->has_value());
  EXPECT_EQ(*ParseCreated("{}"), std::nullopt);
  EXPECT_EQ(*ParseCreated(R"({"created":null})"), std::nullopt);
}

TEST(CreatedTest, WhatIsNoDateIsDataLoss) {
  for (const char* config : {"", "[]", R"({"created":"yesterday"})",
                             R"({"created":5})", R"({"created":""})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseCreated(config).status())) << config;
  }
}

TEST(CreatedTest, OfSchemaOneTheNewestOfItsHistory) {
  EXPECT_EQ(
      **ParseSchema1Created(
          R"({"history":[{"v1Compatibility":"{\"created\":\"2020-01-02T00:00:00Z\"}"},{"v1Compatibility":"{\"created\":\"2019-01-02T00:00:00Z\"}"}]})"),
      Day(2020, 1, 2));
  EXPECT_TRUE(absl::IsDataLoss(ParseSchema1Created("{}").status()));
  EXPECT_TRUE(absl::IsDataLoss(
      ParseSchema1Created(R"({"history":[{"v1Compatibility":"x"}]})")
          .status()));
}

TEST(MediaTypesTest, ParametersAndCaseDoNotMatter) {
  EXPECT_TRUE(IsIndexType(absl::StrCat(kOciIndex, "; charset=utf-8")));
  EXPECT_TRUE(IsIndexType("Application/VND.oci.image.index.v1+json"));
  EXPECT_FALSE(IsIndexType(kOciManifest));
  EXPECT_FALSE(IsIndexType(""));
  // What a proxy, or nobody, says is no image's type.
  for (const char* type : {"", "application/json", "text/plain",
                           "application/octet-stream", "application/x-new"}) {
    EXPECT_TRUE(MayBeIndexType(type)) << type;
  }
  EXPECT_TRUE(MayBeIndexType(kOciIndex));
  EXPECT_FALSE(MayBeIndexType(kOciManifest));
  EXPECT_FALSE(MayBeIndexType(absl::StrCat(kDockerManifest, "; a=b")));
  for (const absl::string_view type :
       {kOciIndex, kOciManifest, kDockerList, kDockerManifest, kOciArtifact}) {
    EXPECT_TRUE(IsManifestType(type)) << type;
    EXPECT_FALSE(IsBlobType(type)) << type;
  }
  for (const absl::string_view type :
       {absl::string_view("application/vnd.oci.image.layer.v1.tar+gzip"),
        absl::string_view("application/vnd.buildkit.cacheconfig.v0"),
        kOciConfig}) {
    EXPECT_FALSE(IsManifestType(type)) << type;
    EXPECT_TRUE(IsBlobType(type)) << type;
  }
  EXPECT_FALSE(IsManifestType("application/x-new"));
  EXPECT_FALSE(IsBlobType("application/x-new"));
  EXPECT_TRUE(IsForeignLayerType(
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
  EXPECT_TRUE(IsForeignLayerType(
      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"));
}

TEST(ParseAnnotatedCreatedTest, IsTheAnnotationOfTheSpec) {
  const auto created = [](const char* value) {
    return ParseAnnotatedCreated(absl::StrCat(
        R"({"annotations":{"org.opencontainers.image.created":)", value, "}}"));
  };
  EXPECT_EQ(**created(R"("2023-02-01T00:00:00Z")"),
            absl::FromCivil(absl::CivilDay(2023, 2, 1), absl::UTCTimeZone()));
  EXPECT_EQ(*created(R"("1970-01-01T00:00:00Z")"), std::nullopt);
  EXPECT_TRUE(absl::IsDataLoss(created(R"("yesterday")").status()));
  EXPECT_TRUE(absl::IsDataLoss(created("5").status()));
}

TEST(ParseAnnotatedCreatedTest, IsAbsentWithoutAnnotations) {
  for (const char* text :
       {"{}", R"({"annotations":null})", R"({"annotations":[]})",
        R"({"annotations":{"created":"2023-02-01T00:00:00Z"}})",
        R"({"created":"2023-02-01T00:00:00Z"})"}) {
    EXPECT_EQ(*ParseAnnotatedCreated(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace registry_manager
