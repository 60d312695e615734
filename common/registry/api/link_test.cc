// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/link.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace registry_manager {
namespace {

std::optional<std::string> Next(const std::vector<absl::string_view>& headers) {
  const absl::StatusOr<std::optional<std::string>> found =
      FindNextLink(headers);
  EXPECT_TRUE(found.ok()) << found.status();
  return found.ok() ? *found : std::nullopt;
}

TEST(LinkTest, FindsTheNextPage) {
  EXPECT_EQ(Next({R"(</v2/_catalog?last=b&n=2>; rel="next")"}),
            "/v2/_catalog?last=b&n=2");
  EXPECT_EQ(Next({"<https://host/v2/x/tags/list?p=2>;rel=next"}),
            "https://host/v2/x/tags/list?p=2");
}

TEST(LinkTest, SkipsOtherRelations) {
  EXPECT_EQ(Next({R"(</prev>; rel="prev")"}), std::nullopt);
  EXPECT_EQ(Next({R"(</prev>; rel="prev", </next>; rel="next")"}), "/next");
  EXPECT_EQ(Next({R"(</a>; rel="first last")", R"(</b>; rel=next)"}), "/b");
  EXPECT_EQ(Next({R"(</a>; title="t"; rel="prev next")"}), "/a");
}

TEST(LinkTest, RelationsCompareWithoutCase) {
  EXPECT_EQ(Next({R"(</a>; REL="Next")"}), "/a");
}

TEST(LinkTest, ALinkWithoutRelationCounts) {
  EXPECT_EQ(Next({"</a?n=1>"}), "/a?n=1");
}

TEST(LinkTest, CommasInATargetBelongToIt) {
  EXPECT_EQ(Next({R"(</a?x=1,2>; rel="prev", </b?y=3,4>; rel="next")"}),
            "/b?y=3,4");
}

TEST(LinkTest, TakesATargetWithoutBrackets) {
  EXPECT_EQ(Next({"/v2/_catalog?last=b; rel=next"}), "/v2/_catalog?last=b");
  EXPECT_EQ(Next({"/v2/_catalog?last=b"}), "/v2/_catalog?last=b");
  EXPECT_EQ(Next({"/prev; rel=prev"}), std::nullopt);
}

TEST(LinkTest, TakesRelationsInSingleQuotes) {
  EXPECT_EQ(Next({"</a>; rel='next'"}), "/a");
}

TEST(LinkTest, NoHeaderIsTheEnd) {
  EXPECT_EQ(Next({}), std::nullopt);
  EXPECT_EQ(Next({""}), std::nullopt);
}

// To take the list for whole would leave what follows unprotected.
TEST(LinkTest, AHeaderThatCannotBeReadIsAnError) {
  for (const char* header :
       {R"(<>; rel="next")", "<never closed; rel=next", "><;<", "two words"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(FindNextLink({header}).status()))
        << header;
  }
}

}  // namespace
}  // namespace registry_manager
