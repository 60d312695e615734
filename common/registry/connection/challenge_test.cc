// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/challenge.h"

#include <gtest/gtest.h>

#include <string>

namespace registry_manager {
namespace {

TEST(ChallengeTest, ReadsBearerWithItsParameters) {
  const auto challenges = ParseChallenges(
      R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/redis:pull,push")");
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(challenges[0].scheme, "bearer");
  EXPECT_EQ(challenges[0].Get("realm"), "https://auth.docker.io/token");
  EXPECT_EQ(challenges[0].Get("service"), "registry.docker.io");
  EXPECT_EQ(challenges[0].Get("scope"), "repository:library/redis:pull,push");
  EXPECT_EQ(challenges[0].Get("error"), "");
}

TEST(ChallengeTest, ReadsSeveralChallengesOfOneHeader) {
  const auto challenges =
      ParseChallenges(R"(Basic realm="a, b", Bearer realm="https://x/token")");
  ASSERT_EQ(challenges.size(), 2u);
  EXPECT_EQ(challenges[0].scheme, "basic");
  EXPECT_EQ(challenges[0].Get("realm"), "a, b");
  EXPECT_EQ(challenges[1].scheme, "bearer");
  EXPECT_EQ(challenges[1].Get("realm"), "https://x/token");
}

TEST(ChallengeTest, NamesAndSchemesCompareWithoutCase) {
  const auto challenges = ParseChallenges(R"(BEARER Realm="https://x")");
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(challenges[0].scheme, "bearer");
  EXPECT_EQ(challenges[0].Get("realm"), "https://x");
}

TEST(ChallengeTest, ReadsValuesWithoutQuotesAndWithSpaceAroundEquals) {
  const auto challenges =
      ParseChallenges("Bearer realm = https://x/token , service=reg");
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(challenges[0].Get("realm"), "https://x/token");
  EXPECT_EQ(challenges[0].Get("service"), "reg");
}

TEST(ChallengeTest, UndoesEscapesInQuotes) {
  const auto challenges = ParseChallenges(R"(Basic realm="a \"b\" \\ c")");
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(challenges[0].Get("realm"), R"(a "b" \ c)");
}

TEST(ChallengeTest, TheFirstOfEqualNamesCounts) {
  const auto challenges =
      ParseChallenges(R"(Bearer realm="https://a",realm="https://b")");
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(challenges[0].Get("realm"), "https://a");
}

TEST(ChallengeTest, ASchemeAloneIsAChallenge) {
  const auto challenges = ParseChallenges("Negotiate, Basic");
  ASSERT_EQ(challenges.size(), 2u);
  EXPECT_EQ(challenges[0].scheme, "negotiate");
  EXPECT_EQ(challenges[1].scheme, "basic");
}

TEST(ChallengeTest, SurvivesWhatIsNoChallenge) {
  EXPECT_TRUE(ParseChallenges("").empty());
  EXPECT_TRUE(ParseChallenges(" , ,, ").empty());
  EXPECT_TRUE(ParseChallenges(R"(realm="x")").empty());
  EXPECT_TRUE(ParseChallenges("\"\"\"").empty());
  EXPECT_EQ(ParseChallenges(R"(Bearer realm="never closed)")[0].Get("realm"),
            "never closed");
  EXPECT_EQ(ParseChallenges("Bearer realm=\"x\\")[0].Get("realm"), "x\\");
  ParseChallenges(std::string(1 << 20, '='));
  ParseChallenges(std::string("Basic \0 realm=\"\xff\"", 17));
}

}  // namespace
}  // namespace registry_manager
