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

// `policy` begins on line 7 with two spaces of indentation of its own.
std::string WithPolicy(const std::string& policy) {
  return absl::StrCat(
      "registries:\n  harbor: {registry: h.io}\n  aliyun: {registry: a.io}\n"
      "  folder: {registry: 'oci:/x'}\n  twin: {registry: 'https://h.io:443'}\n"
      "sync-policy:\n",
      policy);
}

std::string FromHarbor(const std::string& policy) {
  return WithPolicy(absl::StrCat("  from: harbor\n", policy));
}

TEST(SyncPolicyTest, FillsInDefaults) {
  const Config config = MustParse(FromHarbor("  to: aliyun\n"));
  const SyncPolicyConfig& policy = *config.sync_policy;
  EXPECT_EQ(policy.from, "harbor");
  EXPECT_THAT(policy.to, ElementsAre("aliyun"));
  EXPECT_EQ(policy.start, 0);
  EXPECT_TRUE(policy.dry_run);
  EXPECT_FALSE(policy.force);
  EXPECT_TRUE(policy.referrers);
  EXPECT_EQ(policy.engine, SyncEngine::kNative);
  EXPECT_THAT(policy.replace, IsEmpty());
  EXPECT_THAT(policy.filters, IsEmpty());
}

TEST(SyncPolicyTest, ReadsEveryKey) {
  const Config config = MustParse(FromHarbor(R"(  to: [aliyun, folder]
  start: 2
  dry-run: false
  force: true
  referrers: no
  engine: skopeo
  replace:
    - old: library
      new: prod
    - {old: '', new: prod/base}
    - {old: /tmp, new: }
  filters:
    - ^v
    - 2018
)"));
  const SyncPolicyConfig& policy = *config.sync_policy;
  EXPECT_THAT(policy.to, ElementsAre("aliyun", "folder"));
  EXPECT_EQ(policy.start, 2);
  EXPECT_FALSE(policy.dry_run);
  EXPECT_TRUE(policy.force);
  EXPECT_FALSE(policy.referrers);
  EXPECT_EQ(policy.engine, SyncEngine::kSkopeo);
  ASSERT_EQ(policy.replace.size(), 3u);
  EXPECT_EQ(policy.replace[0].old_text, "library");
  EXPECT_EQ(policy.replace[0].new_text, "prod");
  EXPECT_EQ(policy.replace[1].old_text, "");
  EXPECT_EQ(policy.replace[1].new_text, "prod/base");
  EXPECT_EQ(policy.replace[2].old_text, "/tmp");
  EXPECT_EQ(policy.replace[2].new_text, "");
  EXPECT_THAT(policy.filters, ElementsAre("^v", "2018"));
}

TEST(SyncPolicyTest, EmptyListsOfRulesAreNone) {
  const Config config =
      MustParse(FromHarbor("  to: aliyun\n  replace: []\n  filters: []\n"));
  EXPECT_THAT(config.sync_policy->replace, IsEmpty());
  EXPECT_THAT(config.sync_policy->filters, IsEmpty());
}

TEST(SyncPolicyTest, NeedsFromAndTo) {
  EXPECT_THAT(ErrorsOf(WithPolicy("  start: 1\n")),
              ElementsAre("7:3: 'sync-policy' has no 'from'; write the name of "
                          "a registry",
                          "7:3: 'sync-policy' has no 'to'; write the name of a "
                          "registry, or a list of such"));
  EXPECT_THAT(ErrorsOf(FromHarbor("  to: []\n")),
              ElementsAre("8:7: 'to' is empty; write the name of a registry, "
                          "or a list of such"));
  EXPECT_THAT(ErrorsOf(FromHarbor("  to:\n")),
              ElementsAre("8:3: 'to' is empty; write the name of a registry, "
                          "or a list of such"));
}

TEST(SyncPolicyTest, ReportsWhatIsWrongWithItsPlace) {
  EXPECT_THAT(
      ErrorsOf(WithPolicy(R"(  from: [harbor]
  to:
    - aliun
    - aliyun
    - aliyun
    - {a: b}
  engine: podman
  forced: true
  replace:
    - old: library
    - old: library
      new: Prod
    - {old: '', new: ''}
    - library
    - old: [a]
      new: b
  filters:
    - (?!x)
    - ''
    -
    - [a]
)")),
      ElementsAre(
          "7:9: 'from' is a list; write the name of a registry",
          "9:7: 'to' is 'aliun', and no registry is called so; did you mean "
          "'aliyun'?",
          "11:7: 'to': 'aliyun' is listed already; name each target once",
          "12:7: 'to' is a mapping; write the name of a registry",
          "13:11: 'engine' is 'podman'; write one of native, skopeo",
          "14:3: unknown key 'forced' in 'sync-policy'; did you mean 'force'?",
          "16:7: an entry of 'replace' has no 'new'; write a part of a name, "
          "or '' for an empty one",
          "18:12: 'new' is 'Prod'; repository names have only lower-case "
          "letters, digits and '.', '_', '-', '/'",
          "19:22: an empty 'old' puts 'new' and '/' before names of one "
          "component; write a repository name as 'new', such as: prod",
          "20:7: an entry of 'replace' is a text; write a mapping with the "
          "keys old, new",
          "21:12: 'old' is a list; write a part of a name, or '' for an empty "
          "one",
          "24:5: an entry of 'filters' is empty; write a regular expression, "
          "or no entry for every tag",
          "24:7: an entry of 'filters' is no regular expression: invalid perl "
          "operator: (?!; write RE2 syntax (no look-around, no "
          "back-references)",
          "25:7: an entry of 'filters' is ''; write a regular expression, or "
          "no entry for every tag",
          "27:7: an entry of 'filters' is a list; write a regular expression, "
          "or no entry for every tag"));
}

TEST(SyncPolicyTest, AFolderIsATargetOfSkopeoOnly) {
  EXPECT_THAT(ErrorsOf(FromHarbor("  to: folder\n")),
              ElementsAre("8:7: 'to': 'folder' is a folder, which only skopeo "
                          "writes; add 'engine: skopeo'"));
  EXPECT_THAT(ErrorsOf(FromHarbor("  to: folder\n  engine: skopeo\n")),
              IsEmpty());
  EXPECT_THAT(
      ErrorsOf(WithPolicy("  from: folder\n  to: aliyun\n  engine: skopeo\n")),
      ElementsAre("7:9: 'from' is 'folder', a folder, which can only be a "
                  "target; copy from a registry with an https:// or http:// "
                  "address"));
}

TEST(SyncPolicyTest, ATargetIsItsSourceOnlyWhereNamesAreReplaced) {
  const std::string refused =
      "is the registry that 'from' names, and every image would be copied onto "
      "itself; name another, or rename by 'replace'";
  EXPECT_THAT(ErrorsOf(FromHarbor("  to: [aliyun, harbor]\n")),
              ElementsAre("8:16: 'to': 'harbor' " + refused));
  // Another name for the same address.
  EXPECT_THAT(ErrorsOf(FromHarbor("  to: twin\n")),
              ElementsAre("8:7: 'to': 'twin' " + refused));
  EXPECT_THAT(ErrorsOf(FromHarbor("  to: [harbor]\n"
                                  "  replace: [{old: a, new: b}]\n")),
              IsEmpty());
}

TEST(SyncPolicyTest, ListsTheRegistriesWhereNoneIsNear) {
  EXPECT_THAT(ErrorsOf(FromHarbor("  to: quay\n")),
              ElementsAre("8:7: 'to' is 'quay', and no registry is called so; "
                          "those under 'registries' are harbor, aliyun, "
                          "folder, twin"));
}

}  // namespace
}  // namespace registry_manager
