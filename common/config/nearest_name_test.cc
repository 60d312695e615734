// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/config/nearest_name.h"

#include <gtest/gtest.h>

#include <string>

namespace registry_manager {
namespace {

TEST(SuggestNameTest, NamesTheNearest) {
  // One letter missing; two swapped; one too many; '_' for '-'; case.
  EXPECT_EQ(SuggestName("mix-cont", {"start", "mix-count"}, "they are"),
            "; did you mean 'mix-count'?");
  EXPECT_EQ(SuggestName("form", {"to", "from"}, "they are"),
            "; did you mean 'from'?");
  EXPECT_EQ(SuggestName("tagss", {"start", "tags"}, "they are"),
            "; did you mean 'tags'?");
  EXPECT_EQ(SuggestName("dry_run", {"dry-run"}, "they are"),
            "; did you mean 'dry-run'?");
  EXPECT_EQ(SuggestName("Registries", {"registries"}, "they are"),
            "; did you mean 'registries'?");
}

TEST(SuggestNameTest, TakesTheNearerOfTwo) {
  EXPECT_EQ(SuggestName("client-kez", {"client-cert", "client-key"}, "x"),
            "; did you mean 'client-key'?");
}

TEST(SuggestNameTest, TakesTheFirstOfEquallyNearOnes) {
  EXPECT_EQ(SuggestName("harbor3", {"harbor1", "harbor2"}, "x"),
            "; did you mean 'harbor1'?");
}

TEST(SuggestNameTest, ListsTheNamesWhereNoneIsNear) {
  EXPECT_EQ(SuggestName("url", {"registry", "username"}, "its keys are"),
            "; its keys are registry, username");
}

TEST(SuggestNameTest, DoesNotReplaceTheOnlyLetter) {
  EXPECT_EQ(SuggestName("a", {"b"}, "they are"), "; they are b");
}

TEST(SuggestNameTest, ShowsTheFirstTwentyOfMany) {
  std::vector<std::string> many(21, "registry");
  const std::string suggestion = SuggestName("q", many, "they are");
  EXPECT_EQ(suggestion.substr(suggestion.size() - 13), "registry, …");
}

TEST(SuggestNameTest, IsNoBurdenForHugeNames) {
  EXPECT_EQ(SuggestName(std::string(4 << 20, 'a'), {"to"}, "they are"),
            "; they are to");
}

}  // namespace
}  // namespace registry_manager
