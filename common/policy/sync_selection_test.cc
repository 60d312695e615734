// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/sync_selection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace registry_manager {
namespace {

using Tags = std::vector<std::string>;

const std::string kSignature = "sha256-" + std::string(64, 'a') + ".sig";

SyncFilter Filter(const Tags& filters) { return *SyncFilter::Create(filters); }

TEST(SyncFilterTest, NoneSelectsEverything) {
  EXPECT_TRUE(Filter({}).Selects("latest"));
  EXPECT_TRUE(Filter({}).Selects(kSignature));
}

TEST(SyncFilterTest, AnyOfThemSelectsUnanchored) {
  const SyncFilter filter = Filter({"^v1", "rc$"});
  EXPECT_TRUE(filter.Selects("v1.5"));
  EXPECT_TRUE(filter.Selects("2-rc"));
  EXPECT_TRUE(filter.Selects("v1-rc"));
  EXPECT_FALSE(filter.Selects("xv1"));
  EXPECT_FALSE(filter.Selects(kSignature));
  EXPECT_TRUE(Filter({"tes"}).Selects("latest"));
}

TEST(SyncFilterTest, NamesOneThatDoesNotCompile) {
  const auto filter = SyncFilter::Create({"ok", "[bad"});
  ASSERT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(filter.status().message()).find("'[bad'"),
            std::string::npos)
      << filter.status();
}

TEST(SelectForSyncTest, FiltersTheWholeRepository) {
  const SyncSelection selection =
      SelectForSync({"v2", "latest", "v1", "v2"}, Filter({"^v"}), {});
  EXPECT_EQ(selection.tags, Tags({"v1", "v2"}));
  EXPECT_EQ(selection.named_but_absent, Tags());
}

TEST(SelectForSyncTest, TakesNamedTagsWhateverTheFiltersSay) {
  const SyncSelection selection = SelectForSync(
      {"v1", "latest", "dev"}, Filter({"^v"}), {true, {"latest", "v1"}});
  EXPECT_EQ(selection.tags, Tags({"latest", "v1"}));
}

TEST(SelectForSyncTest, TakesOnlyNamedTagsWhereTheRepositoryIsNotListed) {
  const SyncSelection selection =
      SelectForSync({"v1", "latest", "dev"}, Filter({}),
                    {false, {"gone", "dev", "also-gone", "dev", "gone"}});
  EXPECT_EQ(selection.tags, Tags({"dev"}));
  EXPECT_EQ(selection.named_but_absent, Tags({"also-gone", "gone"}));
}

}  // namespace
}  // namespace registry_manager
