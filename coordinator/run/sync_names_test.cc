// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/sync_names.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

TEST(SyncNamesTest, KeepsNamesWithoutRules) {
  SyncNames names({}, /*same_registry=*/false);
  EXPECT_EQ(names.Admit("library/redis").value(), "library/redis");
}

TEST(SyncNamesTest, RefusesTheSecondSourceOfOneTarget) {
  SyncNames names({{"dev", "prod"}}, /*same_registry=*/false);
  EXPECT_EQ(names.Admit("dev/app").value(), "prod/app");
  const absl::StatusOr<std::string> second = names.Admit("prod/app");
  EXPECT_TRUE(absl::IsInvalidArgument(second.status()));
  EXPECT_NE(second.status().message().find("prod/app"), std::string::npos);
}

TEST(SyncNamesTest, RefusesToCopyARepositoryOntoItself) {
  SyncNames names({{"dev", "prod"}}, /*same_registry=*/true);
  EXPECT_TRUE(absl::IsInvalidArgument(names.Admit("other/app").status()));
  EXPECT_EQ(names.Admit("dev/app").value(), "prod/app");
}

TEST(SyncNamesTest, RefusesAnInvalidName) {
  SyncNames names({{"dev", "Prod"}}, /*same_registry=*/false);
  EXPECT_TRUE(absl::IsInvalidArgument(names.Admit("dev/app").status()));
}

TEST(SyncNamesTest, ProductsAreWhatTheRulesMakeOfOtherNames) {
  SyncNames names({{"dev", "prod"}}, /*same_registry=*/true);
  names.AddProduct("dev/app");
  names.AddProduct("other/app");
  EXPECT_TRUE(names.IsProduct("prod/app"));
  EXPECT_FALSE(names.IsProduct("dev/app"));
  // The rules leave it as it is: nothing makes it.
  EXPECT_FALSE(names.IsProduct("other/app"));
}

}  // namespace
}  // namespace registry_manager
