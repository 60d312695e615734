// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/failure_list.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

TEST(FailureListTest, NamesEachFailureWithItsReason) {
  FailureList failures;
  OutcomeRecord record;
  record.registry = "https://a.example";
  record.repository = "app";
  record.target = "https://b.example";
  record.target_repository = "prod/app";
  record.reference = "1.0";
  record.reason = "denied";
  failures.Add(record);
  proto::RunSnapshot snapshot;
  failures.AddTo(snapshot);
  ASSERT_EQ(snapshot.failures_size(), 1);
  const proto::Failure& failure = snapshot.failures(0);
  EXPECT_EQ(failure.registry(), "https://a.example");
  EXPECT_EQ(failure.repository(), "app");
  EXPECT_EQ(failure.target(), "https://b.example");
  EXPECT_EQ(failure.target_repository(), "prod/app");
  EXPECT_EQ(failure.reference(), "1.0");
  EXPECT_EQ(failure.reason(), "denied");
}

TEST(FailureListTest, NamesAThousandAndCountsAll) {
  FailureList failures;
  for (int i = 0; i < 1001; ++i) failures.Add(OutcomeRecord());
  proto::RunSnapshot snapshot;
  failures.AddTo(snapshot);
  EXPECT_EQ(snapshot.failures_size(), 1000);
  EXPECT_EQ(snapshot.failures_total(), 1001u);
}

}  // namespace
}  // namespace registry_manager
