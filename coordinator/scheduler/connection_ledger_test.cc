// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler/connection_ledger.h"

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

TEST(ConnectionLedgerTest, GrantsWhatTasksNeedWhileThereIsRoom) {
  ConnectionLedger ledger;
  EXPECT_TRUE(ledger.CanBegin("a", 6, 8));
  ledger.Begin("a", 6, 8);
  EXPECT_EQ(ledger.Granted("a"), 6);
  EXPECT_TRUE(ledger.CanBegin("b", 2, 8));
  EXPECT_FALSE(ledger.CanBegin("b", 3, 8));
}

TEST(ConnectionLedgerTest, ANeedBeyondTheLimitIsMetByAllOfIt) {
  ConnectionLedger ledger;
  EXPECT_TRUE(ledger.CanBegin("a", 6, 4));
  ledger.Begin("a", 6, 4);
  EXPECT_EQ(ledger.Granted("a"), 4);
  EXPECT_EQ(ledger.total_charge(), 4);
}

TEST(ConnectionLedgerTest, ALoweredGrantIsChargedUntilTheWorkerComplies) {
  ConnectionLedger ledger;
  ledger.Begin("a", 8, 8);
  EXPECT_EQ(ledger.Announce("a"), 1u);
  ledger.End("a", 8);
  ledger.Rebalance(8, 0);
  EXPECT_EQ(ledger.Granted("a"), 0);
  EXPECT_EQ(ledger.Announce("a"), 2u);
  EXPECT_EQ(ledger.Charge("a"), 8);
  EXPECT_FALSE(ledger.CanBegin("b", 1, 8));
  ledger.Comply("a", 1);
  EXPECT_EQ(ledger.Charge("a"), 8);
  ledger.Comply("a", 99);  // never granted
  EXPECT_EQ(ledger.Charge("a"), 8);
  ledger.Comply("a", 2);
  EXPECT_EQ(ledger.Charge("a"), 0);
  EXPECT_TRUE(ledger.CanBegin("b", 8, 8));
}

TEST(ConnectionLedgerTest, TheHighestUnconfirmedGrantCounts) {
  ConnectionLedger ledger;
  ledger.Begin("a", 1, 16);
  ledger.Announce("a");  // 1: 1
  ledger.Want("a", 9);
  ledger.Rebalance(16, 0);
  ledger.Announce("a");  // 2: 9
  ledger.Want("a", 4);
  ledger.Rebalance(16, 0);
  ledger.Announce("a");  // 3: 4
  ledger.Want("a", 6);
  ledger.Rebalance(16, 0);
  ledger.Announce("a");  // 4: 6
  EXPECT_EQ(ledger.Charge("a"), 9);
  ledger.Comply("a", 2);
  EXPECT_EQ(ledger.Charge("a"), 9);
  ledger.Comply("a", 3);
  EXPECT_EQ(ledger.Charge("a"), 6);
}

TEST(ConnectionLedgerTest, AWorkerMayBeginWithWhatItHasYetToGiveBack) {
  ConnectionLedger ledger;
  ledger.Begin("a", 8, 8);
  ledger.Announce("a");
  ledger.End("a", 8);
  ledger.Rebalance(8, 0);
  ledger.Announce("a");
  EXPECT_TRUE(ledger.CanBegin("a", 8, 8));
  EXPECT_FALSE(ledger.CanBegin("b", 1, 8));
}

TEST(ConnectionLedgerTest, WhatIsFreeIsSharedEvenlyAmongThoseWhoWant) {
  ConnectionLedger ledger;
  for (const char* session : {"a", "b", "c"}) ledger.Begin(session, 1, 16);
  ledger.Want("a", 100);
  ledger.Want("b", 2);
  ledger.Want("c", 100);
  ledger.Rebalance(16, 0);
  EXPECT_EQ(ledger.Granted("a"), 7);
  EXPECT_EQ(ledger.Granted("b"), 2);
  EXPECT_EQ(ledger.Granted("c"), 7);
}

TEST(ConnectionLedgerTest, SurplusIsTakenBackForWaitingTasksFromTheLargest) {
  ConnectionLedger ledger;
  ledger.Begin("a", 1, 16);
  ledger.Begin("b", 1, 16);
  ledger.Want("a", 12);
  ledger.Want("b", 4);
  ledger.Rebalance(16, 0);
  ledger.Announce("a");
  ledger.Announce("b");
  EXPECT_EQ(ledger.Granted("a"), 12);
  EXPECT_EQ(ledger.Granted("b"), 4);
  ledger.Rebalance(16, 6);
  EXPECT_EQ(ledger.Granted("a"), 6);
  EXPECT_EQ(ledger.Granted("b"), 4);
  EXPECT_EQ(ledger.total_charge(), 16);
  EXPECT_FALSE(ledger.CanBegin("c", 6, 16));
  ledger.Announce("a");
  ledger.Comply("a", 2);
  EXPECT_TRUE(ledger.CanBegin("c", 6, 16));
  EXPECT_FALSE(ledger.CanBegin("c", 7, 16));
}

TEST(ConnectionLedgerTest, NeverTakesBackWhatRunningTasksNeed) {
  ConnectionLedger ledger;
  ledger.Begin("a", 6, 16);
  ledger.Begin("b", 6, 16);
  ledger.Rebalance(16, 100);
  EXPECT_EQ(ledger.Granted("a"), 6);
  EXPECT_EQ(ledger.Granted("b"), 6);
}

TEST(ConnectionLedgerTest, AShrunkLimitLowersGrantsAtOnceAndSharesTheRest) {
  ConnectionLedger ledger;
  ledger.Begin("a", 6, 16);
  ledger.Begin("b", 1, 16);
  ledger.Begin("c", 6, 16);
  for (const char* session : {"a", "b", "c"}) ledger.Announce(session);
  ledger.Rebalance(8, 0);
  // One needs no more than one; the others share seven, ties by name.
  EXPECT_EQ(ledger.Granted("a"), 4);
  EXPECT_EQ(ledger.Granted("b"), 1);
  EXPECT_EQ(ledger.Granted("c"), 3);
  EXPECT_EQ(ledger.total_charge(), 13);
}

TEST(ConnectionLedgerTest, WithFewerConnectionsThanWorkersTheyGoToWhoUsesThem) {
  ConnectionLedger ledger;
  for (const char* session : {"a", "b", "c"}) {
    ledger.Begin(session, 1, 16);
    ledger.Announce(session);
  }
  ledger.Want("b", 1);
  ledger.Rebalance(1, 0);
  EXPECT_EQ(ledger.Granted("a"), 0);
  EXPECT_EQ(ledger.Granted("b"), 1);
  EXPECT_EQ(ledger.Granted("c"), 0);
  for (const char* session : {"a", "c"}) {
    ledger.Comply(session, ledger.Announce(session));
  }
  ledger.Want("b", 0);
  ledger.Want("c", 1);
  ledger.Rebalance(1, 0);
  EXPECT_EQ(ledger.Granted("b"), 0);
  EXPECT_EQ(ledger.Granted("c"), 0);  // b has yet to comply
  ledger.Comply("b", ledger.Announce("b"));
  ledger.Rebalance(1, 0);
  EXPECT_EQ(ledger.Granted("c"), 1);
}

TEST(ConnectionLedgerTest, AWorkerWithoutTasksGetsNothingNew) {
  ConnectionLedger ledger;
  ledger.Want("a", 5);
  ledger.Rebalance(16, 0);
  EXPECT_EQ(ledger.Granted("a"), 0);
  ledger.Begin("a", 3, 16);
  ledger.End("a", 3);
  ledger.Want("a", 2);
  ledger.Rebalance(16, 0);
  EXPECT_EQ(ledger.Granted("a"), 2);
  ledger.Want("a", 0);
  ledger.Rebalance(16, 0);
  EXPECT_EQ(ledger.Granted("a"), 0);
}

TEST(ConnectionLedgerTest, AForgottenWorkerGivesAllBack) {
  ConnectionLedger ledger;
  ledger.Begin("a", 8, 8);
  ledger.Announce("a");
  ledger.Forget("a");
  EXPECT_EQ(ledger.total_charge(), 0);
  EXPECT_EQ(ledger.total_need(), 0);
}

}  // namespace
}  // namespace registry_manager
