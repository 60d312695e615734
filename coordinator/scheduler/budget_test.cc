// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/budget.h"

#include <vector>

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

Budget Connections(int connections) {
  RegistryBudget budget;
  budget.max_connections = connections;
  return Budget("r", budget);
}

TEST(BudgetTest, TellsAGrantOnceUntilItChanges) {
  Budget budget = Connections(4);
  budget.Begin("a", 2);
  const std::vector<GrantConnections> grants = budget.Settle(At(0));
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].worker, "a");
  EXPECT_EQ(grants[0].registry, "r");
  EXPECT_EQ(grants[0].version, 1u);
  EXPECT_EQ(grants[0].connections, 2);
  EXPECT_FALSE(grants[0].rate_limited);
  EXPECT_EQ(grants[0].parked, absl::ZeroDuration());
  EXPECT_TRUE(budget.Settle(At(1)).empty());
}

TEST(BudgetTest, AFirstTaskHasRoomWhateverItNeedsAFurtherOneNot) {
  Budget budget = Connections(4);
  EXPECT_TRUE(budget.HasRoom(6));
  budget.Begin("a", 1);
  EXPECT_FALSE(budget.HasRoom(6));
  EXPECT_TRUE(budget.HasRoom(3));
  EXPECT_FALSE(budget.HasRoom(4));
}

TEST(BudgetTest, AReservationKeepsOthersFromTheRoomThatItNeeds) {
  Budget budget = Connections(8);
  budget.Begin("a", 1);
  budget.Reserve(6);
  EXPECT_TRUE(budget.is_reserved());
  EXPECT_TRUE(budget.HasRoom(1));
  EXPECT_FALSE(budget.HasRoom(2));
  budget.Reserve(0);
  EXPECT_FALSE(budget.is_reserved());
  EXPECT_TRUE(budget.HasRoom(7));
}

TEST(BudgetTest, ParksForAllWorkersAndNeverForLess) {
  Budget budget = Connections(8);
  budget.Begin("a", 2);
  budget.Begin("b", 2);
  budget.Settle(At(0));
  budget.Throttled(absl::Seconds(20), At(1));
  budget.Throttled(absl::Seconds(5), At(1));
  EXPECT_EQ(budget.parked_until(), At(21));
  EXPECT_EQ(budget.limit(), 4);
  const std::vector<GrantConnections> grants = budget.Settle(At(2));
  ASSERT_EQ(grants.size(), 2u);
  EXPECT_EQ(grants[0].parked, absl::Seconds(19));
  EXPECT_EQ(grants[1].parked, absl::Seconds(19));
  EXPECT_EQ(budget.NextWake(At(2)), At(11));  // the limit grows
  EXPECT_TRUE(budget.Settle(At(3)).empty());
}

TEST(BudgetTest, HandsOutNoPermitsWhileParked) {
  RegistryBudget rate;
  rate.requests_per_second = 10;
  Budget budget("r", rate);
  budget.Begin("a", 1);
  budget.Throttled(absl::Seconds(5), At(0));
  budget.Want("a", 0, 0, 1, 3);
  std::vector<GrantConnections> grants = budget.Settle(At(0));
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_TRUE(grants[0].rate_limited);
  EXPECT_EQ(grants[0].permits, 0u);
  EXPECT_EQ(budget.NextWake(At(0)), At(5));
  grants = budget.Settle(At(5));
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].permits, 1u);
  EXPECT_EQ(budget.NextWake(At(5)), At(5.1));
}

TEST(BudgetTest, GrowsBackAndRaisesGrants) {
  Budget budget = Connections(4);
  budget.Begin("a", 4);
  budget.Settle(At(0));
  budget.Throttled(absl::ZeroDuration(), At(0));
  ASSERT_EQ(budget.Settle(At(0)).at(0).connections, 2);
  EXPECT_EQ(budget.NextWake(At(0)), At(10));
  budget.Advance(At(10));
  EXPECT_EQ(budget.Settle(At(10)).at(0).connections, 3);
}

}  // namespace
}  // namespace registry_manager
