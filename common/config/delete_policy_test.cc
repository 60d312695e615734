// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/config/config_testing.h"

namespace registry_manager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// `policy` begins on line 6 with two spaces of indentation of its own.
std::string WithPolicy(const std::string& policy) {
  return absl::StrCat(
      "registries:\n  harbor: {registry: h.io}\n  aliyun: {registry: a.io}\n"
      "  folder: {registry: 'oci:/x'}\ndelete-policy:\n",
      policy);
}

DeletePolicyConfig Policy(const std::string& keys) {
  const Config config =
      MustParse(WithPolicy(absl::StrCat("  registries: [harbor]\n", keys)));
  return config.delete_policy.value_or(DeletePolicyConfig());
}

TEST(DeletePolicyTest, FillsInDefaults) {
  const DeletePolicyConfig policy = Policy("");
  EXPECT_THAT(policy.registries, ElementsAre("harbor"));
  EXPECT_EQ(policy.start, 0);
  EXPECT_TRUE(policy.dry_run);
  EXPECT_EQ(policy.mix_count, 10);
  EXPECT_FALSE(policy.sem_ver);
  EXPECT_THAT(policy.include.keys, IsEmpty());
  EXPECT_EQ(policy.include.regex, "");
  EXPECT_THAT(policy.exclude.keys, IsEmpty());
  EXPECT_EQ(policy.exclude.regex, "");
  EXPECT_EQ(policy.shared_digest, SharedDigest::kUntag);
  EXPECT_EQ(policy.dangling_tags, DanglingTags::kStop);
}

TEST(DeletePolicyTest, ReadsEveryKey) {
  const Config config = MustParse(WithPolicy(R"(  registries:
    - harbor
    - aliyun
  start: 3
  dry-run: off
  mix-count: 0
  sem-ver: true
  tags:
    include:
      keys: develop, release,,2018
      regex: ^pr-
    exclude:
      keys: 2019
      regex: ^latest$
  shared-digest: keep
  dangling-tags: remove
)"));
  const DeletePolicyConfig& policy = *config.delete_policy;
  EXPECT_THAT(policy.registries, ElementsAre("harbor", "aliyun"));
  EXPECT_EQ(policy.start, 3);
  EXPECT_FALSE(policy.dry_run);
  EXPECT_EQ(policy.mix_count, 0);
  EXPECT_TRUE(policy.sem_ver);
  EXPECT_THAT(policy.include.keys, ElementsAre("develop", "release", "2018"));
  EXPECT_EQ(policy.include.regex, "^pr-");
  EXPECT_THAT(policy.exclude.keys, ElementsAre("2019"));
  EXPECT_EQ(policy.exclude.regex, "^latest$");
  EXPECT_EQ(policy.shared_digest, SharedDigest::kKeep);
  EXPECT_EQ(policy.dangling_tags, DanglingTags::kRemove);
}

TEST(DeletePolicyTest, NullMeansTheDefault) {
  const DeletePolicyConfig policy = Policy(
      "  dry-run:\n  mix-count:\n  tags:\n    include:\n    exclude:\n"
      "      keys:\n      regex:\n");
  EXPECT_TRUE(policy.dry_run);
  EXPECT_EQ(policy.mix_count, 10);
  EXPECT_EQ(policy.exclude.regex, "");
  EXPECT_FALSE(MustParse(WithPolicy("")).delete_policy.has_value());
}

TEST(DeletePolicyTest, ANumberIsTheTextThatStandsThere) {
  EXPECT_THAT(Policy("  tags: {include: {keys: 007}}\n").include.keys,
              ElementsAre("007"));
  EXPECT_THAT(Policy("  tags: {include: {keys: 1.10}}\n").include.keys,
              ElementsAre("1.10"));
}

TEST(DeletePolicyTest, KeysMayBeWhatIsOnlyAPartOfATag) {
  const DeletePolicyConfig policy =
      Policy("  tags: {include: {keys: '-rc, .1 ,_'}}\n");
  EXPECT_THAT(policy.include.keys, ElementsAre("-rc", ".1", "_"));
}

TEST(DeletePolicyTest, ReportsWhatIsWrongWithItsPlace) {
  EXPECT_THAT(
      ErrorsOf(WithPolicy(R"(  registries:
    - harbr
    - aliyun
    - aliyun
    - folder
    - [harbor]
  start: -1
  dry_run: false
  mix-count: ten
  sem-ver: []
  tags:
    includes:
      keys: a
    include:
      keys: [develop, release]
      regex: (abc
    exclude:
      keys: v*,ok
      regex:
        - a
  shared-digest: unlink
  dangling-tags: drop
)")),
      ElementsAre(
          "7:7: an entry of 'registries' is 'harbr', and no registry is called "
          "so; did you mean 'harbor'?",
          "9:7: registry 'aliyun' is listed already; name each registry once",
          "10:7: 'folder' is a folder, from which nothing can be deleted; it "
          "can only be a target under 'to'",
          "11:7: an entry of 'registries' is a list; write the name of a "
          "registry",
          "12:10: 'start' is '-1'; write a whole number from 0 to 1000000000",
          "13:3: unknown key 'dry_run' in 'delete-policy'; did you mean "
          "'dry-run'?",
          "14:14: 'mix-count' is 'ten'; write a whole number from 0 to "
          "1000000000",
          "15:12: 'sem-ver' is a list; write true or false",
          "17:5: unknown key 'includes' in 'tags'; did you mean 'include'?",
          "20:13: 'keys' is a list; write one text with commas, such as: "
          "develop,release",
          "21:14: 'regex' is no regular expression: missing ): (abc; write RE2 "
          "syntax (no look-around, no back-references)",
          "23:13: 'keys' holds 'v*', which no tag can contain; write plain "
          "texts of letters, digits, '_', '.', '-', with commas in between, or "
          "use 'regex'",
          "25:9: 'regex' is a list; write one regular expression, and join "
          "several by '|'",
          "26:18: 'shared-digest' is 'unlink'; write one of untag, keep",
          "27:18: 'dangling-tags' is 'drop'; write one of stop, keep, "
          "remove"));
}

TEST(DeletePolicyTest, NeedsRegistries) {
  const std::string form =
      "; write a list with at least one name of a registry";
  EXPECT_THAT(ErrorsOf(WithPolicy("  start: 1\n")),
              ElementsAre("6:3: 'delete-policy' has no 'registries'" + form));
  EXPECT_THAT(ErrorsOf(WithPolicy("  registries:\n")),
              ElementsAre("6:3: 'registries' is empty" + form));
  EXPECT_THAT(ErrorsOf(WithPolicy("  registries: []\n")),
              ElementsAre("6:15: 'registries' is empty" + form));
  EXPECT_THAT(ErrorsOf(WithPolicy("  registries: harbor\n")),
              ElementsAre("6:15: 'registries' is 'harbor'" + form));
}

TEST(DeletePolicyTest, IsAMapping) {
  EXPECT_THAT(ErrorsOf(WithPolicy("  - harbor\n")),
              ElementsAre(StartsWith("6:3: 'delete-policy' is a list; write a "
                                     "mapping with the keys registries, ")));
}

TEST(DeletePolicyTest, ARegistryWithErrorsIsNotUnknownToo) {
  EXPECT_THAT(ErrorsOf("registries:\n  r: {registry: 'ftp://x'}\n"
                       "delete-policy:\n  registries: [r]\n"),
              ElementsAre(StartsWith("2:17: 'ftp://x' is not")));
}

TEST(DeletePolicyTest, PrintsNoControlCharacters) {
  EXPECT_THAT(ErrorsOf(WithPolicy("  registries: [\"a\\e[2Jb\\nc\"]\n")),
              ElementsAre(StartsWith("6:16: an entry of 'registries' is "
                                     "'a\\x1b[2Jb\\x0ac', and no registry")));
}

}  // namespace
}  // namespace registry_manager
