// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/rename.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace registry_manager {
namespace {

TEST(RenameTest, AppliesTheFirstRuleThatFitsOnce) {
  struct Case {
    std::string name;
    std::vector<RenameRule> rules;
    std::string renamed;
  };
  const std::vector<Case> cases = {
      {"library/redis", {}, "library/redis"},
      {"library/redis", {{"library", "prod"}}, "prod/redis"},
      // Text, not components; anywhere; the first occurrence only.
      {"my-library-2/library", {{"library", "prod"}}, "my-prod-2/library"},
      {"a/library/x", {{"library/", ""}}, "a/x"},
      {"a/b/c", {{"b/c", "d"}}, "a/d"},
      // Of one component: only an empty `old` fits.
      {"library", {{"library", "prod"}}, "library"},
      {"redis", {{"", "library"}}, "library/redis"},
      {"redis", {{"", "a/b"}}, "a/b/redis"},
      {"redis", {{"redis", "x"}, {"", "library"}}, "library/redis"},
      // Of several: an empty `old` does not fit.
      {"a/redis", {{"", "library"}}, "a/redis"},
      {"a/redis", {{"", "library"}, {"redis", "x"}}, "a/x"},
      // The first that fits; its outcome is not looked at again.
      {"a/b", {{"a", "b"}, {"b", "c"}}, "b/b"},
      {"a/b", {{"x", "y"}, {"b", "c"}, {"a", "d"}}, "a/c"},
      {"a/b", {{"a", "a"}, {"b", "c"}}, "a/b"},
      {"redis", {{"", "x"}, {"x", "y"}}, "x/redis"},
      // One of several components may become one of one.
      {"library/redis", {{"library/", ""}, {"", "x"}}, "redis"},
      // Case counts.
      {"a/b", {{"A", "c"}}, "a/b"},
  };
  for (const Case& c : cases) {
    const auto renamed = RenameRepository(c.name, c.rules);
    ASSERT_TRUE(renamed.ok()) << c.name << ": " << renamed.status();
    EXPECT_EQ(*renamed, c.renamed) << c.name;
  }
}

TEST(RenameTest, RefusesNamesThatNoRegistryAccepts) {
  for (const RenameRule& rule : std::vector<RenameRule>{
           {"a", ""},
           {"a", "A"},
           {"a", ".."},
           {"b", ""},
           {"/", "//"},
           {"a/b", ""},
           {"a", "x y"},
           {"a", std::string(255, 'a')},
       }) {
    const auto renamed = RenameRepository("a/b", {rule});
    EXPECT_EQ(renamed.status().code(), absl::StatusCode::kInvalidArgument)
        << rule.old_text << " -> " << rule.new_text;
  }
  EXPECT_FALSE(RenameRepository("redis", {{"", ""}}).ok());
  EXPECT_FALSE(RenameRepository("redis", {{"", "prod/"}}).ok());
}

TEST(RenameTest, SaysWhichRuleMadeWhat) {
  const std::string message(
      RenameRepository("library/redis", {{"library", "Prod\n"}})
          .status()
          .message());
  EXPECT_NE(message.find("old: 'library', new: 'Prod\\x0"), std::string::npos)
      << message;
  EXPECT_NE(message.find("'library/redis'"), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

}  // namespace
}  // namespace registry_manager
