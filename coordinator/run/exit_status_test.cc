// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/exit_status.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

using proto::RunSnapshot;

int StatusOf(RunSnapshot::State state, uint64_t failed) {
  RunSnapshot snapshot;
  snapshot.set_state(state);
  snapshot.mutable_totals()->set_failed(failed);
  return ExitStatusOf(snapshot);
}

TEST(ExitStatusTest, OfARunThatReachedItsEndTellsOfFailures) {
  EXPECT_EQ(StatusOf(RunSnapshot::FINISHED, 0), 0);
  EXPECT_EQ(StatusOf(RunSnapshot::FINISHED, 1), 1);
}

// The documents promise the first of 2, 4, 3, 1 that applies.
TEST(ExitStatusTest, OfARunThatIsLeftTellsOfThatBeforeItsFailures) {
  EXPECT_EQ(StatusOf(RunSnapshot::INCOMPLETE, 0), 3);
  EXPECT_EQ(StatusOf(RunSnapshot::INCOMPLETE, 5), 3);
  EXPECT_EQ(StatusOf(RunSnapshot::INTERRUPTED, 5), 4);
}

}  // namespace
}  // namespace registry_manager
