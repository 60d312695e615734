// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace registry_manager {
namespace {

absl::Status ReturnsEarly(const absl::Status& status, bool& went_on) {
  RETURN_IF_ERROR(status);
  went_on = true;
  return absl::OkStatus();
}

absl::StatusOr<int> Increment(absl::StatusOr<int> number) {
  ASSIGN_OR_RETURN(const int known, number);
  int again = 0;
  ASSIGN_OR_RETURN(again, std::move(number));
  return known == again ? known + 1 : 0;
}

absl::StatusOr<std::unique_ptr<int>> Pass(
    absl::StatusOr<std::unique_ptr<int>> number) {
  ASSIGN_OR_RETURN(std::unique_ptr<int> known, std::move(number));
  return known;
}

TEST(StatusMacrosTest, ReturnIfErrorReturnsTheErrorWithItsPayload) {
  bool went_on = false;
  absl::Status error = absl::NotFoundError("nothing");
  error.SetPayload("of", absl::Cord("mine"));
  EXPECT_EQ(ReturnsEarly(error, went_on), error);
  EXPECT_FALSE(went_on);
}

TEST(StatusMacrosTest, ReturnIfErrorGoesOnAfterOk) {
  bool went_on = false;
  EXPECT_TRUE(ReturnsEarly(absl::OkStatus(), went_on).ok());
  EXPECT_TRUE(went_on);
}

TEST(StatusMacrosTest, AssignOrReturnAssignsTheValue) {
  EXPECT_EQ(*Increment(1), 2);
}

TEST(StatusMacrosTest, AssignOrReturnReturnsTheError) {
  EXPECT_EQ(Increment(absl::NotFoundError("nothing")).status(),
            absl::NotFoundError("nothing"));
}

TEST(StatusMacrosTest, AssignOrReturnMovesTheValue) {
  EXPECT_EQ(**Pass(std::make_unique<int>(7)), 7);
}

}  // namespace
}  // namespace registry_manager
