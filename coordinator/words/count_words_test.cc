// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/words/count_words.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace registry_manager {
namespace {

// Every field of Counts is a uint64 that is 0 if it is not set.
TEST(CountWordsTest, EveryCountHasWords) {
  const google::protobuf::Descriptor* fields = proto::Counts::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    proto::Counts counts;
    counts.GetReflection()->SetUInt64(&counts, fields->field(i), 7);
    // A passed over tag is a skipped one, too.
    if (counts.passed_over() > 0) counts.set_skipped(7);
    int told = 0;
    for (const CountWords& words : AllCountWords()) {
      if (words.count(counts) == 7) ++told;
    }
    EXPECT_EQ(told, 1) << fields->field(i)->name();
  }
}

TEST(CountWordsTest, NoWordsAreTwice) {
  std::set<std::string> many;
  for (const CountWords& words : AllCountWords()) {
    EXPECT_TRUE(many.insert(std::string(words.many)).second) << words.many;
  }
}

TEST(CountWordsTest, ASkippedTagIsUnchangedUnlessItWasPassedOver) {
  proto::Counts counts;
  counts.set_skipped(5);
  counts.set_passed_over(2);
  EXPECT_EQ(SumOf(counts, {CountGroup::kStaying}), 3u);
  EXPECT_EQ(SumOf(counts, {CountGroup::kPassedOver}), 2u);
  EXPECT_EQ(SumOf(counts, {CountGroup::kStaying, CountGroup::kPassedOver}), 5u);
}

TEST(CountWordsTest, WhatWouldBeDoneIsNotWhatWasDone) {
  proto::Counts counts;
  counts.set_to_delete(3);
  counts.set_deleted(4);
  EXPECT_EQ(SumOf(counts, {CountGroup::kPlanned}), 3u);
  EXPECT_EQ(SumOf(counts, {CountGroup::kChanged}), 4u);
}

}  // namespace
}  // namespace registry_manager
