// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/link.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace registry_manager {
namespace {

TEST(LinkTest, FindsTheNextPage) {
  EXPECT_EQ(FindNextLink({R"(</v2/_catalog?last=b&n=2>; rel="next")"}),
            "/v2/_catalog?last=b&n=2");
  EXPECT_EQ(FindNextLink({"<https://host/v2/x/tags/list?p=2>;rel=next"}),
            "https://host/v2/x/tags/list?p=2");
}

TEST(LinkTest, SkipsOtherRelations) {
  EXPECT_EQ(FindNextLink({R"(</prev>; rel="prev")"}), std::nullopt);
  EXPECT_EQ(FindNextLink({R"(</prev>; rel="prev", </next>; rel="next")"}),
            "/next");
  EXPECT_EQ(FindNextLink({R"(</a>; rel="first last")", R"(</b>; rel=next)"}),
            "/b");
  EXPECT_EQ(FindNextLink({R"(</a>; title="t"; rel="prev next")"}), "/a");
}

TEST(LinkTest, RelationsCompareWithoutCase) {
  EXPECT_EQ(FindNextLink({R"(</a>; REL="Next")"}), "/a");
}

TEST(LinkTest, ALinkWithoutRelationCounts) {
  EXPECT_EQ(FindNextLink({"</a?n=1>"}), "/a?n=1");
}

TEST(LinkTest, CommasInATargetBelongToIt) {
  EXPECT_EQ(FindNextLink({R"(</a?x=1,2>; rel="prev", </b?y=3,4>; rel="next")"}),
            "/b?y=3,4");
}

TEST(LinkTest, AnEmptyTargetIsNoPage) {
  EXPECT_EQ(FindNextLink({R"(<>; rel="next")"}), std::nullopt);
}

TEST(LinkTest, SurvivesWhatIsNoLink) {
  EXPECT_EQ(FindNextLink({}), std::nullopt);
  EXPECT_EQ(FindNextLink({""}), std::nullopt);
  EXPECT_EQ(FindNextLink({"/v2/_catalog; rel=next"}), std::nullopt);
  EXPECT_EQ(FindNextLink({"<never closed; rel=next"}), std::nullopt);
  EXPECT_EQ(FindNextLink({"><;<"}), std::nullopt);
}

}  // namespace
}  // namespace registry_manager
