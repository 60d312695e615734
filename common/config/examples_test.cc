// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "common/config/config.h"
#include "common/config/config_testing.h"

namespace registry_manager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Config ParseExample(const std::string& name, const FakeWorld& world = {}) {
  std::ifstream file("examples/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  const std::string text((std::istreambuf_iterator<char>(file)),
                         std::istreambuf_iterator<char>());
  return MustParse(text, world);
}

// The example of the document that the product was asked for with, as it
// stands there, comments and all.
TEST(ExamplesTest, TheSeedsExampleParsesUnchanged) {
  const Config config = ParseExample("seed.yml");
  ASSERT_EQ(config.registries.size(), 2u);
  const RegistryConfig& harbor = config.registries[0];
  EXPECT_EQ(harbor.name, "harbor");
  EXPECT_EQ(harbor.address->str(), "https://harbor.io");
  EXPECT_EQ(harbor.username, "admin");
  EXPECT_EQ(harbor.password, "harbor12345");
  EXPECT_TRUE(harbor.insecure);
  EXPECT_THAT(*harbor.repositories,
              ElementsAre(RepositoryEntry{"library/redis", "5.0.12"},
                          RepositoryEntry{"library/mysql", ""}));
  const RegistryConfig& aliyun = config.registries[1];
  EXPECT_EQ(aliyun.name, "aliyun");
  EXPECT_EQ(aliyun.address->str(), "https://registry.aliyun.com");
  EXPECT_FALSE(aliyun.insecure);
  EXPECT_FALSE(aliyun.repositories.has_value());

  ASSERT_TRUE(config.delete_policy.has_value());
  const DeletePolicyConfig& deletion = *config.delete_policy;
  EXPECT_THAT(deletion.registries, ElementsAre("harbor", "aliyun"));
  EXPECT_EQ(deletion.start, 0);
  EXPECT_TRUE(deletion.dry_run);
  EXPECT_EQ(deletion.mix_count, 10);
  EXPECT_FALSE(deletion.sem_ver);
  EXPECT_THAT(deletion.include.keys, ElementsAre("develop", "release", "hotfix",
                                                 "feature", "2018", "2019"));
  EXPECT_EQ(deletion.include.regex, "");
  EXPECT_THAT(deletion.exclude.keys, IsEmpty());
  EXPECT_EQ(deletion.exclude.regex,
            R"(^latest$|^master$|^[Vv]?(\d+(\.\d+){1,2})(-alpha\.\d+)?$)");

  ASSERT_TRUE(config.sync_policy.has_value());
  const SyncPolicyConfig& sync = *config.sync_policy;
  EXPECT_EQ(sync.from, "harbor");
  EXPECT_THAT(sync.to, ElementsAre("aliyun"));
  EXPECT_EQ(sync.start, 0);
  EXPECT_TRUE(sync.dry_run);
  ASSERT_EQ(sync.replace.size(), 1u);
  EXPECT_EQ(sync.replace[0].old_text, "library");
  EXPECT_EQ(sync.replace[0].new_text, "prod");
  EXPECT_THAT(sync.filters,
              ElementsAre(R"(^[Vv]?(\d+(\.\d+){1,2})(-alpha\.\d+)?$)"));
}

TEST(ExamplesTest, DeleteParses) {
  const Config config =
      ParseExample("delete.yml", {{{"HARBOR_PASSWORD", "x"}}, {}});
  ASSERT_TRUE(config.delete_policy.has_value());
  EXPECT_FALSE(config.sync_policy.has_value());
  EXPECT_TRUE(config.delete_policy->dry_run);
}

TEST(ExamplesTest, SyncParses) {
  const Config config = ParseExample(
      "sync.yml",
      {{{"HOME", "/home/bob"}},
       {{"/home/bob/.config/registry-manager/build-password", "x\n"}}});
  EXPECT_FALSE(config.delete_policy.has_value());
  ASSERT_TRUE(config.sync_policy.has_value());
  EXPECT_TRUE(config.sync_policy->dry_run);
  EXPECT_THAT(config.sync_policy->to, ElementsAre("east", "west", "archive"));
}

TEST(ExamplesTest, DeleteAndSyncParses) {
  const Config config =
      ParseExample("delete-and-sync.yml",
                   {{{"REGISTRY_USER", "u"}, {"REGISTRY_PASSWORD", "x"}}, {}});
  ASSERT_TRUE(config.delete_policy.has_value());
  ASSERT_TRUE(config.sync_policy.has_value());
  EXPECT_TRUE(config.delete_policy->dry_run);
  EXPECT_TRUE(config.sync_policy->dry_run);
}

}  // namespace
}  // namespace registry_manager
