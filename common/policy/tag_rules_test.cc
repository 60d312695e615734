// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/tag_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace registry_manager {
namespace {

TagPattern Pattern(const std::vector<std::string>& keys,
                   const std::string& regex) {
  return *TagPattern::Create(keys, regex);
}

TEST(TagPatternTest, KeysAreLiteralCaseSensitiveAndAnywhere) {
  const TagPattern pattern = Pattern({"develop", "1.2"}, "");
  EXPECT_EQ(pattern.Match("develop"), "contains \"develop\"");
  EXPECT_EQ(pattern.Match("x-develop-17"), "contains \"develop\"");
  EXPECT_EQ(pattern.Match("v1.2.3"), "contains \"1.2\"");
  EXPECT_FALSE(pattern.Match("Develop").has_value());
  EXPECT_FALSE(pattern.Match("1x2").has_value());
  EXPECT_FALSE(pattern.Match("").has_value());
}

TEST(TagPatternTest, RegexIsUnanchored) {
  EXPECT_EQ(Pattern({}, "v[0-9]").Match("xv1x"), "matches /v[0-9]/");
  EXPECT_FALSE(Pattern({}, "^v[0-9]$").Match("xv1x").has_value());
  EXPECT_FALSE(Pattern({}, "v").Match("V").has_value());
  EXPECT_TRUE(Pattern({}, "(?i)v").Match("V").has_value());
}

TEST(TagPatternTest, NothingGivenMatchesNothing) {
  EXPECT_FALSE(Pattern({}, "").Match("latest").has_value());
  EXPECT_FALSE(Pattern({"", ""}, "").Match("latest").has_value());
  EXPECT_FALSE(Pattern({""}, "").Match("").has_value());
}

TEST(TagPatternTest, NamesTheFirstThatFits) {
  const TagPattern pattern = Pattern({"b", "a"}, "c");
  EXPECT_EQ(pattern.Match("cab"), "contains \"b\"");
  EXPECT_EQ(pattern.Match("ca"), "contains \"a\"");
  EXPECT_EQ(pattern.Match("c"), "matches /c/");
}

TEST(TagPatternTest, RefusesWhatIsNoRe2Syntax) {
  for (const char* regex : {"(", "[a", "*a", "(?!a)", "\\1", "a{2,1}"}) {
    const auto pattern = TagPattern::Create({}, regex);
    ASSERT_EQ(pattern.status().code(), absl::StatusCode::kInvalidArgument)
        << regex;
    EXPECT_NE(std::string(pattern.status().message()).find(regex),
              std::string::npos)
        << pattern.status();
  }
}

// The rules of the document that the product was asked for with.
TagRules SeedRules(bool sem_ver) {
  return {
      Pattern({"develop", "release", "hotfix", "feature", "2018", "2019"}, ""),
      Pattern({},
              R"(^latest$|^master$|^[Vv]?(\d+(\.\d+){1,2})(-alpha\.\d+)?$)"),
      sem_ver};
}

TEST(TagRulesTest, JudgesByTheSeedsRules) {
  struct Case {
    const char* tag;
    bool candidate, candidate_with_sem_ver;
  };
  for (const Case& c : {
           Case{"develop", true, true},
           Case{"0.1.0-develop.3", true, true},
           Case{"release-7", true, true},
           Case{"20190101", true, true},
           Case{"latest", false, false},
           Case{"master", false, false},
           Case{"master-2", false, true},
           Case{"v1.2", false, false},
           Case{"2018.1", false, false},
           Case{"2018.1-alpha.4", false, false},
           Case{"2018.1-beta.4", true, true},
           Case{"1.2.3.4", false, false},
           Case{"8f3a9c1b", false, false},
           Case{"f83a9c1b", false, true},
       }) {
    EXPECT_EQ(SeedRules(false).Judge(c.tag).candidate, c.candidate) << c.tag;
    EXPECT_EQ(SeedRules(true).Judge(c.tag).candidate, c.candidate_with_sem_ver)
        << c.tag;
  }
}

TEST(TagRulesTest, ExclusionAlwaysWins) {
  const TagRules rules = {Pattern({"a"}, "."), Pattern({"a"}, "b"), true};
  EXPECT_FALSE(rules.Judge("a").candidate);
  EXPECT_EQ(rules.Judge("a").reason, "excluded: contains \"a\"");
  EXPECT_FALSE(rules.Judge("b").candidate);
  EXPECT_EQ(rules.Judge("b").reason, "excluded: matches /b/");
}

TEST(TagRulesTest, SaysWhy) {
  const TagRules rules = {Pattern({"dev"}, "^v"), Pattern({}, ""), true};
  EXPECT_EQ(rules.Judge("dev").reason, "contains \"dev\"");
  EXPECT_EQ(rules.Judge("v1").reason, "matches /^v/");
  EXPECT_EQ(rules.Judge("main").reason, "not a version");
  EXPECT_EQ(rules.Judge("1.0").reason, "a version");
  EXPECT_FALSE(rules.Judge("1.0").candidate);
  const TagRules other = {Pattern({"dev"}, ""), Pattern({}, ""), false};
  EXPECT_EQ(other.Judge("1.0").reason, "not included");
}

}  // namespace
}  // namespace registry_manager
