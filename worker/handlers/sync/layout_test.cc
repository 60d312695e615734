// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/registry/api/media_types.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class LayoutTest : public testing::Test {
 protected:
  LayoutTest()
      : root_(absl::StrCat(
            testing::TempDir(), "/",
            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(root_);
  }
  ~LayoutTest() override { fs::remove_all(root_); }

  std::unique_ptr<Layout> Open(const std::string& kind,
                               const std::string& repository = "team/app") {
    absl::StatusOr<std::unique_ptr<Layout>> layout =
        Layout::Open(kind + root_, repository);
    EXPECT_TRUE(layout.ok()) << layout.status();
    return *std::move(layout);
  }

  static void Write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }

  static std::string Read(const std::string& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  // An index of one child, as skopeo leaves it in a folder.
  static void WriteDir(const std::string& folder, const std::string& list) {
    Write(folder + "/version", "Directory Transport Version: 1.1\n");
    Write(folder + "/manifest.json", list);
    Write(
        absl::StrCat(folder, "/", Digest::Of("child").hex(), ".manifest.json"),
        "child");
    Write(absl::StrCat(folder, "/", Digest::Of("layer").hex()), "layer");
  }

  const std::string root_;
  const ManifestHead oci_{Digest::Of("any"), std::string(kOciManifest)};
  const ManifestHead list_{Digest::Of("any"), std::string(kDockerList)};
};

TEST_F(LayoutTest, IsToldFromARegistryByItsScheme) {
  EXPECT_TRUE(IsLayout("oci:/srv"));
  EXPECT_TRUE(IsLayout("dir:/srv"));
  EXPECT_FALSE(IsLayout("https://oci.io"));
}

TEST_F(LayoutTest, RefusesNamesThatLeadElsewhere) {
  for (const char* name : {"", "..", "../a", "a/../../b", "/etc", "a:b"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Layout::Open("oci:/x", name).status()))
        << name;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(Layout::Open("oci:x", "a").status()));
}

TEST_F(LayoutTest, RefusesARepositoryAmongTheFilesOfAnother) {
  for (const char* name :
       {"a/blobs", "a/blobs/sha256", "a/b/index.json", "a/oci-layout"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Layout::Open("oci:/x", name).status()))
        << name;
    EXPECT_TRUE(Layout::Open("dir:/x", name).ok()) << name;
  }
  EXPECT_TRUE(Layout::Open("oci:/x", "blobs").ok());
}

TEST_F(LayoutTest, IsEmptyWhereThereIsNone) {
  EXPECT_THAT(*Open("oci:")->ReadTags(), IsEmpty());
  EXPECT_THAT(*Open("dir:")->ReadTags(), IsEmpty());
}

TEST_F(LayoutTest, LetsSkopeoWriteAnOciLayout) {
  EXPECT_EQ(*Open("oci:")->Begin("1.0", oci_),
            absl::StrCat("oci:", root_, "/team/app:1.0"));
  EXPECT_TRUE(fs::is_directory(root_ + "/team/app"));
}

TEST_F(LayoutTest, ReadsTheTagsOfAnOciLayout) {
  const std::string here = Digest::Of("here").str();
  const std::string lost = Digest::Of("lost").str();
  Write(
      absl::StrCat(root_, "/team/app/blobs/sha256/", Digest::Of("here").hex()),
      "here");
  const auto entry = [](const std::string& digest, const std::string& tag) {
    return absl::StrCat(R"({"digest":")", digest,
                        R"(","annotations":{"org.opencontainers.image.ref.name)"
                        R"(":")",
                        tag, R"("}})");
  };
  Write(root_ + "/team/app/index.json",
        absl::StrCat(R"({"manifests":[)", entry(here, "1.0"), ",",
                     entry(lost, "2.0"), ",", entry("sha256:short", "3.0"),
                     R"(,{"digest":")", here, R"("},7]})"));
  EXPECT_THAT(*Open("oci:")->ReadTags(),
              UnorderedElementsAre(Pair("1.0", Digest::Of("here"))));
}

TEST_F(LayoutTest, DoesNotTouchWhatIsNoLayout) {
  for (const char* text : {"", "[]", R"({"manifests":{}})"}) {
    Write(root_ + "/team/app/index.json", text);
    EXPECT_TRUE(absl::IsDataLoss(Open("oci:")->ReadTags().status())) << text;
  }
  fs::remove_all(root_);
  fs::create_directories(root_ + "/team/app/index.json");
  EXPECT_TRUE(absl::IsDataLoss(Open("oci:")->ReadTags().status()));
}

TEST_F(LayoutTest, PutsADockerListIntoAnOciLayoutByteForByte) {
  const std::string folder = root_ + "/team/app";
  const std::string list =
      absl::StrCat(R"({"mediaType":")", kDockerList, "\"}");
  for (const std::string tag : {"1.0", "2.0"}) {
    const std::unique_ptr<Layout> layout = Open("oci:");
    const absl::StatusOr<std::string> destination = layout->Begin(tag, list_);
    ASSERT_TRUE(destination.ok()) << destination.status();
    ASSERT_EQ(destination->substr(0, 4), "dir:");
    WriteDir(destination->substr(4), list);
    ASSERT_EQ(layout->Commit(tag, list_), absl::OkStatus());
    EXPECT_FALSE(fs::exists(destination->substr(4)));
  }
  EXPECT_THAT(*Open("oci:")->ReadTags(),
              UnorderedElementsAre(Pair("1.0", Digest::Of(list)),
                                   Pair("2.0", Digest::Of(list))));
  for (const std::string& blob :
       {list, std::string("child"), std::string("layer")}) {
    EXPECT_EQ(
        Read(absl::StrCat(folder, "/blobs/sha256/", Digest::Of(blob).hex())),
        blob);
  }
  EXPECT_EQ(Read(folder + "/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  const auto entry =
      nlohmann::json::parse(Read(folder + "/index.json")).at("manifests").at(0);
  EXPECT_EQ(entry.at("mediaType"), std::string(kDockerList));
  EXPECT_EQ(entry.at("size"), list.size());
  EXPECT_EQ(entry.at("annotations").at("org.opencontainers.image.ref.name"),
            "1.0");
}

TEST_F(LayoutTest, MovesATagOfAnOciLayout) {
  for (const std::string list : {"[1]", "[2]"}) {
    const std::unique_ptr<Layout> layout = Open("oci:");
    WriteDir(layout->Begin("1.0", list_)->substr(4), list);
    ASSERT_EQ(layout->Commit("1.0", list_), absl::OkStatus());
  }
  EXPECT_THAT(*Open("oci:")->ReadTags(),
              UnorderedElementsAre(Pair("1.0", Digest::Of("[2]"))));
}

TEST_F(LayoutTest, KeepsAFolderForEachTag) {
  for (const std::string text : {"one", "two"}) {
    const std::unique_ptr<Layout> layout = Open("dir:");
    const absl::StatusOr<std::string> destination = layout->Begin("1.0", oci_);
    ASSERT_TRUE(destination.ok()) << destination.status();
    WriteDir(destination->substr(4), text);
    ASSERT_EQ(layout->Commit("1.0", oci_), absl::OkStatus());
    EXPECT_EQ(Read(root_ + "/team/app:1.0/manifest.json"), text);
    EXPECT_FALSE(fs::exists(destination->substr(4)));
  }
  EXPECT_THAT(*Open("dir:")->ReadTags(),
              UnorderedElementsAre(Pair("1.0", Digest::Of("two"))));
}

TEST_F(LayoutTest, LeavesATagAsItWasUntilTheCommit) {
  Write(root_ + "/team/app:1.0/manifest.json", "old");
  // What a copy that was cut short has left is no tag.
  WriteDir(root_ + "/team/app:.partial", "new");
  EXPECT_THAT(*Open("dir:")->ReadTags(),
              UnorderedElementsAre(Pair("1.0", Digest::Of("old"))));
  EXPECT_FALSE(fs::exists(Open("dir:")->Begin("2.0", oci_)->substr(4)));
}

TEST_F(LayoutTest, LeavesNothingOfACopyThatFailed) {
  for (const char* kind : {"oci:", "dir:"}) {
    const std::unique_ptr<Layout> layout = Open(kind);
    const std::string folder = layout->Begin("1.0", list_)->substr(4);
    WriteDir(folder, "[]");
    layout->Abandon();
    EXPECT_FALSE(fs::exists(folder));
    EXPECT_THAT(*layout->ReadTags(), IsEmpty());
  }
}

TEST_F(LayoutTest, DoesNotMistakeOneRepositoryForAnother) {
  Write(root_ + "/team/app-two:1.0/manifest.json", "other");
  Write(root_ + "/team/app/1.0/manifest.json", "other");
  EXPECT_THAT(*Open("dir:")->ReadTags(), IsEmpty());
}

}  // namespace
}  // namespace registry_manager
