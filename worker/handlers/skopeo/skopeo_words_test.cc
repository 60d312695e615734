// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/skopeo/skopeo_words.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace registry_manager {
namespace {

std::string RepositoryOn(absl::string_view address) {
  const absl::StatusOr<std::string> image =
      SkopeoRepository(*Address::Parse(address), "team/app");
  return image.ok() ? *image : std::string(image.status().message());
}

TEST(SkopeoRepositoryTest, IsTheHostAndTheRepository) {
  EXPECT_EQ(RepositoryOn("https://quay.io"), "docker://quay.io/team/app");
  EXPECT_EQ(RepositoryOn("https://h.io:5000"), "docker://h.io:5000/team/app");
  EXPECT_EQ(RepositoryOn("http://127.0.0.1:5000"),
            "docker://127.0.0.1:5000/team/app");
}

TEST(SkopeoRepositoryTest, NamesThePortWhereSkopeoWouldGuessAnother) {
  EXPECT_EQ(RepositoryOn("http://h.io"), "docker://h.io:80/team/app");
  EXPECT_EQ(RepositoryOn("https://registry"), "docker://registry:443/team/app");
}

TEST(SkopeoRepositoryTest, KnowsDockerHubByItsName) {
  EXPECT_EQ(*SkopeoRepository(*Address::Parse("registry-1.docker.io"), "redis"),
            "docker://docker.io/library/redis");
}

TEST(SkopeoRepositoryTest, RefusesARegistryBelowAPath) {
  const absl::Status status =
      SkopeoRepository(*Address::Parse("https://h.io/build"), "a").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "https://h.io/build"));
  EXPECT_TRUE(absl::StrContains(status.message(), "engine: native"));
}

TEST(SkopeoRepositoryTest, RefusesWhatIsNoName) {
  for (const char* name : {"", "../a", "a/../b", "A", "a:b", "a@b"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        SkopeoRepository(*Address::Parse("https://h.io"), name).status()))
        << name;
  }
}

TEST(SkopeoAuthFileTest, HoldsOneRegistryUnderTheNameThatIsUsed) {
  // printf 'me:word' | base64
  EXPECT_EQ(SkopeoAuthFile(*Address::Parse("http://h.io"), {"me", "word", ""}),
            R"({"auths":{"h.io:80":{"auth":"bWU6d29yZA=="}}})");
}

TEST(SkopeoAuthFileTest, GivesATokenAName) {
  // printf '<token>:' | base64
  EXPECT_EQ(SkopeoAuthFile(*Address::Parse("https://h.io"), {"", "", "tok"}),
            R"({"auths":{"h.io":{"auth":"PHRva2VuPjo=",)"
            R"("identitytoken":"tok"}}})");
}

TEST(SkopeoAuthFileTest, IsEmptyForNobody) {
  EXPECT_EQ(SkopeoAuthFile(*Address::Parse("https://h.io"), {}),
            R"({"auths":{}})");
}

TEST(SkopeoReasonTest, IsTheMessageOfTheLastLine) {
  EXPECT_EQ(
      SkopeoReason("time=\"t\" level=warning msg=\"first\"\n"
                   "time=\"t\" level=fatal msg=\"reading \\\"a\\\": no\"\n",
                   {}),
      "skopeo: reading \"a\": no");
  EXPECT_EQ(SkopeoReason("panic: oh\n\n", {}), "skopeo: panic: oh");
  EXPECT_EQ(SkopeoReason("", {}), "skopeo failed and gave no reason");
}

TEST(SkopeoReasonTest, HoldsNoSecret) {
  EXPECT_EQ(
      SkopeoReason("level=fatal msg=\"Get \\\"https://me:word@s3.io/x?Sig=1\\\""
                   " with hidden\"",
                   {"hidden", ""}),
      "skopeo: Get \"https://s3.io/x\" with …");
}

TEST(SkopeoReasonTest, IsFitForATerminal) {
  EXPECT_EQ(SkopeoReason("msg is \x1b[31mred", {}),
            "skopeo: msg is \\x1b[31mred");
}

}  // namespace
}  // namespace registry_manager
