// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/fallback_index.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/registry/api/media_types.h"

namespace registry_manager {
namespace {

using nlohmann::json;

RawManifest Raw(const std::string& bytes,
                absl::string_view media_type = kOciManifest) {
  return {Digest::Of(bytes), std::string(media_type), bytes};
}

std::string Image(const std::string& more) {
  return absl::StrCat(
      R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.x.config","digest":"sha256:)",
      std::string(64, 'a'), R"(","size":2})", more, "}");
}

json Add(const std::string& index, const RawManifest& referrer) {
  const auto bytes =
      AddToFallbackIndex(index, referrer, *ParseManifest(referrer));
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return json::parse(*bytes);
}

TEST(FallbackIndexTest, TheFirstReferrerMakesAnIndex) {
  const RawManifest referrer =
      Raw(Image(R"(,"artifactType":"application/x","annotations":{"k":"v"})"));
  const json index = Add("", referrer);
  EXPECT_EQ(index["schemaVersion"], 2);
  EXPECT_EQ(index["mediaType"], std::string(kOciIndex));
  const json expected = {
      {"mediaType", std::string(kOciManifest)},
      {"digest", referrer.digest.str()},
      {"size", referrer.bytes.size()},
      {"artifactType", "application/x"},
      {"annotations", {{"k", "v"}}},
  };
  EXPECT_EQ(index["manifests"], json::array({expected}));
}

TEST(FallbackIndexTest, TheConfigsTypeStandsForTheArtifacts) {
  EXPECT_EQ(Add("", Raw(Image("")))["manifests"][0]["artifactType"],
            "application/vnd.x.config");
}

TEST(FallbackIndexTest, TheManifestsOwnTypeCountsBeforeTheHeader) {
  const RawManifest referrer =
      Raw(Image(absl::StrCat(R"(,"mediaType":")", kOciManifest, "\"")),
          "text/plain");
  EXPECT_EQ(Add("", referrer)["manifests"][0]["mediaType"],
            std::string(kOciManifest));
  EXPECT_EQ(
      Add("", Raw(Image(""), "application/json"))["manifests"][0]["mediaType"],
      std::string(kOciManifest));
}

TEST(FallbackIndexTest, WhatIsThereStays) {
  const RawManifest first = Raw(Image(R"(,"annotations":{"n":"1"})"));
  const RawManifest second = Raw(Image(R"(,"annotations":{"n":"2"})"));
  json index = Add("", first);
  index["annotations"] = {{"kept", "yes"}};
  const json both = Add(index.dump(), second);
  EXPECT_EQ(both["annotations"]["kept"], "yes");
  ASSERT_EQ(both["manifests"].size(), 2u);
  EXPECT_EQ(both["manifests"][0], index["manifests"][0]);
}

TEST(FallbackIndexTest, AListedReferrerChangesNoByte) {
  const RawManifest referrer = Raw(Image(""));
  // Spaces would go in a new serialisation.
  const std::string index = "  " + Add("", referrer).dump() + "\n";
  EXPECT_EQ(*AddToFallbackIndex(index, referrer, *ParseManifest(referrer)),
            index);
}

TEST(FallbackIndexTest, WhatIsNoIndexIsNotOverwritten) {
  const RawManifest referrer = Raw(Image(""));
  for (const std::string& bytes :
       {std::string("[]"), std::string("{}"), std::string("x"),
        std::string(R"({"manifests":{}})"), Image("")}) {
    EXPECT_TRUE(absl::IsDataLoss(
        AddToFallbackIndex(bytes, referrer, *ParseManifest(referrer)).status()))
        << bytes;
  }
}

TEST(FallbackIndexTest, MergesWhatIsNotListed) {
  const RawManifest first = Raw(Image(R"(,"annotations":{"n":"1"})"));
  const RawManifest second = Raw(Image(R"(,"annotations":{"n":"2"})"));
  const std::string one = Add("", first).dump(), other = Add("", second).dump();
  const auto both = MergeFallbackIndexes(one, other);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(json::parse(*both), Add(one, second));
  EXPECT_TRUE(ListsAllOf(*both, one));
  EXPECT_TRUE(ListsAllOf(*both, other));
  EXPECT_FALSE(ListsAllOf(one, *both));
  EXPECT_EQ(*MergeFallbackIndexes(*both, one), *both);
}

TEST(FallbackIndexTest, OnlyIndexesAreMerged) {
  const std::string index = Add("", Raw(Image(""))).dump();
  EXPECT_FALSE(ListsAllOf(Image(""), index));
  EXPECT_FALSE(ListsAllOf(index, Image("")));
  EXPECT_TRUE(absl::IsDataLoss(MergeFallbackIndexes("x", index).status()));
  EXPECT_TRUE(absl::IsDataLoss(MergeFallbackIndexes(index, "x").status()));
}

TEST(FallbackIndexTest, TheirTagsSpellADigestAndNoMore) {
  const std::string tag = "sha256-" + std::string(64, 'a');
  EXPECT_EQ(FallbackTag(*Digest::Parse("sha256:" + std::string(64, 'a'))), tag);
  EXPECT_TRUE(IsFallbackTag(tag));
  EXPECT_FALSE(IsFallbackTag(tag + ".sig"));
  EXPECT_FALSE(IsFallbackTag("latest"));
}

}  // namespace
}  // namespace registry_manager
