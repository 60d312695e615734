// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/retention.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

StoredRun Kept(const std::string& id, int days_ago, uint64_t bytes = 1,
               const std::string& held = "") {
  return {id, held.empty() ? "finished" : "interrupted",
          absl::ToUnixSeconds(kNow - absl::Hours(24) * days_ago), bytes, held};
}

// "ID:LIMIT" of what goes, in order.
std::vector<std::string> Going(const std::vector<StoredRun>& runs,
                               const RunLimits& limits) {
  std::vector<std::string> going;
  for (const RunToForget& one : BeyondLimits(runs, limits, kNow)) {
    going.push_back(absl::StrCat(one.run.id, ":", one.limit));
  }
  return going;
}

using Names = std::vector<std::string>;

TEST(BeyondLimitsTest, NothingGoesWithinTheLimits) {
  EXPECT_EQ(Going({}, {}), Names());
  EXPECT_EQ(Going({Kept("B", 1), Kept("A", 90)}, {}), Names());
}

TEST(BeyondLimitsTest, TheOldestGoFirst) {
  const std::vector<StoredRun> runs = {Kept("C", 1), Kept("B", 2),
                                       Kept("A", 3)};
  EXPECT_EQ(Going(runs, {.runs = 1}), Names({"A:runs", "B:runs"}));
  EXPECT_EQ(Going(runs, {.runs = 0}), Names({"A:runs", "B:runs", "C:runs"}));
  EXPECT_EQ(Going(runs, {.days = 2}), Names({"A:days"}));
}

TEST(BeyondLimitsTest, TheSizeCountsWhateverIsLeft) {
  const std::vector<StoredRun> runs = {Kept("C", 1, 60), Kept("B", 2, 30),
                                       Kept("A", 3, 50)};
  EXPECT_EQ(Going(runs, {.bytes = 140}), Names());
  EXPECT_EQ(Going(runs, {.bytes = 139}), Names({"A:bytes"}));
  EXPECT_EQ(Going(runs, {.bytes = 89}), Names({"A:bytes", "B:bytes"}));
  EXPECT_EQ(Going(runs, {.bytes = 59}),
            Names({"A:bytes", "B:bytes", "C:bytes"}));
  // What goes for another reason makes room, too.
  EXPECT_EQ(Going(runs, {.runs = 2, .bytes = 90}), Names({"A:runs"}));
}

TEST(BeyondLimitsTest, WhatIsHeldStaysAndCounts) {
  const std::vector<StoredRun> runs = {
      Kept("D", 1, 60, "it runs"), Kept("C", 2),
      Kept("B", 200, 50, "unfinished"), Kept("A", 300)};
  EXPECT_EQ(Going(runs, {.runs = 1}), Names({"A:runs", "C:runs"}));
  EXPECT_EQ(Going(runs, {}), Names({"A:days"}));
  EXPECT_EQ(Going(runs, {.bytes = 10}), Names({"A:days", "C:bytes"}));
}

TEST(LimitsTextTest, SaysAllOfThem) {
  EXPECT_EQ(LimitsText({}), "at most 100 runs, 90 days and 2.0 GiB");
  EXPECT_EQ(LimitsText({1, 1, 1}), "at most 1 run, 1 day and 1 B");
}

}  // namespace
}  // namespace registry_manager
