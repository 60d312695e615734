// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/task_account.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

using proto::Action;

Action Of(Action::Verb verb, Action::Result result,
          const std::string& reference) {
  Action action;
  action.set_verb(verb);
  action.set_result(result);
  action.set_reference(reference);
  return action;
}

proto::TaskResult ResultOf(uint32_t attempt, const std::vector<Action>& done) {
  proto::TaskResult result;
  result.set_attempt(attempt);
  for (const Action& action : done) *result.add_actions() = action;
  return result;
}

std::vector<std::string> Words(const TaskAccount::Actions& actions) {
  std::vector<std::string> words;
  for (const Action& action : actions) {
    words.push_back(absl::StrCat(action.reference(), " ",
                                 Action::Result_Name(action.result())));
  }
  return words;
}

using Said = std::vector<std::string>;

TEST(TaskAccountTest, ATagThatAnEarlierAttemptCopiedIsCountedOnce) {
  TaskAccount account;
  proto::TaskResult first =
      ResultOf(1, {Of(Action::COPY_TAG, Action::DONE, "1"),
                   Of(Action::COPY_TAG, Action::DONE, "2"),
                   Of(Action::COPY_TAG, Action::FAILED, "3")});
  first.mutable_counts()->set_tags(5);
  first.mutable_counts()->set_copied(2);
  first.mutable_counts()->set_failed(1);
  first.mutable_counts()->set_requests(7);
  account.AddUnfinishedResult(first);
  EXPECT_EQ(Words(first.actions()), Said({"1 DONE", "2 DONE"}));

  proto::TaskResult last =
      ResultOf(2, {Of(Action::COPY_TAG, Action::DONE, "3"),
                   Of(Action::COPY_TAG, Action::DONE, "4")});
  last.mutable_counts()->set_tags(5);
  last.mutable_counts()->set_copied(2);
  last.mutable_counts()->set_skipped(3);
  last.mutable_counts()->set_requests(5);
  account.Close(last);
  EXPECT_EQ(Words(last.actions()), Said({"3 DONE", "4 DONE"}));
  EXPECT_EQ(last.counts().tags(), 5u);
  EXPECT_EQ(last.counts().copied(), 4u);
  EXPECT_EQ(last.counts().skipped(), 1u);
  EXPECT_EQ(last.counts().failed(), 0u);
  EXPECT_EQ(last.counts().requests(), 12u);
}

TEST(TaskAccountTest, AResultThatComesAgainIsOfNoUse) {
  TaskAccount account;
  proto::TaskResult first =
      ResultOf(1, {Of(Action::COPY_TAG, Action::DONE, "1")});
  first.mutable_counts()->set_requests(7);
  proto::TaskResult again = first;
  account.AddUnfinishedResult(first);
  account.AddUnfinishedResult(again);
  EXPECT_EQ(again.actions_size(), 0);
  proto::TaskResult last = ResultOf(2, {});
  account.Close(last);
  EXPECT_EQ(last.counts().requests(), 7u);
}

TEST(TaskAccountTest, ATagThatIsCopiedAgainIsCountedOnce) {
  TaskAccount account;
  proto::TaskResult first =
      ResultOf(1, {Of(Action::COPY_TAG, Action::DONE, "1"),
                   Of(Action::COPY_TAG, Action::DONE, "2")});
  first.mutable_counts()->set_copied(2);
  account.AddUnfinishedResult(first);
  proto::TaskResult last =
      ResultOf(2, {Of(Action::COPY_TAG, Action::DONE, "1"),
                   Of(Action::COPY_TAG, Action::FAILED, "2")});
  last.mutable_counts()->set_tags(2);
  last.mutable_counts()->set_copied(1);
  last.mutable_counts()->set_failed(1);
  account.Close(last);
  EXPECT_EQ(last.counts().copied(), 1u);
  EXPECT_EQ(last.counts().failed(), 1u);
  EXPECT_EQ(last.counts().skipped(), 0u);
}

// Its manifest is not compared again, so that it is not among the skipped.
TEST(TaskAccountTest, AReferrerOfAnEarlierAttemptTakesNoUnchangedTagAway) {
  TaskAccount account;
  proto::TaskResult first =
      ResultOf(1, {Of(Action::COPY_REFERRER, Action::DONE, "sha256:ab")});
  account.AddUnfinishedResult(first);
  proto::TaskResult last = ResultOf(2, {});
  last.mutable_counts()->set_tags(1);
  last.mutable_counts()->set_skipped(1);
  account.Close(last);
  EXPECT_EQ(last.counts().copied(), 1u);
  EXPECT_EQ(last.counts().skipped(), 1u);
}

TEST(TaskAccountTest, TagsThatAnEarlierAttemptDeletedStillCountAsTags) {
  TaskAccount account;
  proto::TaskResult first =
      ResultOf(1, {Of(Action::DELETE_TAG, Action::DONE, "1"),
                   Of(Action::UNTAG, Action::DONE, "2"),
                   Of(Action::DELETE_MANIFEST, Action::DONE, "sha256:ab"),
                   Of(Action::KEEP, Action::SKIPPED, "5")});
  first.mutable_counts()->set_tags(5);
  first.mutable_counts()->set_kept(1);
  account.AddUnfinishedResult(first);
  EXPECT_EQ(first.actions_size(), 3);
  // What is finished from the intent is told as deleted before.
  proto::TaskResult last =
      ResultOf(2, {Of(Action::DELETE_TAG, Action::SKIPPED, "1"),
                   Of(Action::DELETE_TAG, Action::SKIPPED, "4"),
                   Of(Action::DELETE_TAG, Action::DONE, "3")});
  last.mutable_counts()->set_tags(3);
  last.mutable_counts()->set_deleted(1);
  last.mutable_counts()->set_skipped(2);
  last.mutable_counts()->set_kept(1);
  account.Close(last);
  EXPECT_EQ(Words(last.actions()), Said({"4 SKIPPED", "3 DONE"}));
  EXPECT_EQ(last.counts().tags(), 5u);
  EXPECT_EQ(last.counts().deleted(), 2u);
  EXPECT_EQ(last.counts().untagged(), 1u);
  EXPECT_EQ(last.counts().manifests_deleted(), 1u);
  EXPECT_EQ(last.counts().skipped(), 1u);
  EXPECT_EQ(last.counts().kept(), 1u);
}

TEST(TaskAccountTest, FailuresThatAreSentAheadWaitForTheResult) {
  for (const bool lost : {false, true}) {
    TaskAccount account;
    TaskAccount::Actions ahead =
        ResultOf(1, {Of(Action::COPY_TAG, Action::DONE, "1"),
                     Of(Action::COPY_TAG, Action::FAILED, "2")})
            .actions();
    account.TakeAhead(1, ahead);
    EXPECT_EQ(Words(ahead), Said({"1 DONE"}));
    proto::TaskResult last = ResultOf(lost ? 2 : 1, {});
    last.mutable_counts()->set_tags(2);
    if (lost) {
      last.mutable_counts()->set_skipped(2);
    } else {
      last.mutable_counts()->set_copied(1);
      last.mutable_counts()->set_failed(1);
    }
    account.Close(last);
    EXPECT_EQ(Words(last.actions()), lost ? Said() : Said({"2 FAILED"}));
    EXPECT_EQ(last.counts().copied(), 1u);
    EXPECT_EQ(last.counts().skipped(), lost ? 1u : 0u);
  }
}

// Of a worker that is taken for lost while it goes on.
TEST(TaskAccountTest, WhatAnAttemptThatWasGivenUpHasDoneCountsToo) {
  TaskAccount account;
  TaskAccount::Actions second =
      ResultOf(2, {Of(Action::COPY_TAG, Action::DONE, "1")}).actions();
  account.TakeAhead(2, second);
  TaskAccount::Actions first =
      ResultOf(1, {Of(Action::COPY_TAG, Action::DONE, "1"),
                   Of(Action::COPY_TAG, Action::DONE, "2"),
                   Of(Action::COPY_TAG, Action::FAILED, "3")})
          .actions();
  account.TakeAhead(1, first);
  EXPECT_EQ(Words(first), Said({"1 DONE", "2 DONE"}));
  proto::TaskResult last = ResultOf(2, {});
  last.mutable_counts()->set_tags(3);
  last.mutable_counts()->set_copied(1);
  last.mutable_counts()->set_skipped(2);
  account.Close(last);
  EXPECT_EQ(last.counts().copied(), 2u);
  EXPECT_EQ(last.counts().skipped(), 1u);
}

TEST(TaskAccountTest, ATaskThatIsGivenUpTellsWhatFailedLast) {
  TaskAccount account;
  proto::TaskResult first =
      ResultOf(1, {Of(Action::COPY_TAG, Action::FAILED, "1"),
                   Of(Action::COPY_TAG, Action::FAILED, "2")});
  account.AddUnfinishedResult(first);
  EXPECT_EQ(first.actions_size(), 0);
  TaskAccount::Actions ahead =
      ResultOf(2, {Of(Action::COPY_TAG, Action::DONE, "1"),
                   Of(Action::COPY_TAG, Action::FAILED, "3")})
          .actions();
  account.TakeAhead(2, ahead);
  proto::TaskResult given_up = ResultOf(0, {});
  account.Close(given_up);
  EXPECT_EQ(Words(given_up.actions()), Said({"3 FAILED", "2 FAILED"}));
  EXPECT_EQ(given_up.counts().failed(), 2u);
  EXPECT_EQ(given_up.counts().copied(), 1u);
}

// Given up without a result of its own: what was done before stands.
TEST(TaskAccountTest, ATaskThatIsGivenUpKeepsWhatItHasDone) {
  TaskAccount account;
  proto::TaskResult first =
      ResultOf(1, {Of(Action::COPY_TAG, Action::DONE, "1")});
  first.mutable_counts()->set_tags(4);
  account.AddUnfinishedResult(first);
  proto::TaskResult last;
  last.mutable_counts()->set_failed(1);
  account.Close(last);
  EXPECT_EQ(last.counts().tags(), 4u);
  EXPECT_EQ(last.counts().copied(), 1u);
  EXPECT_EQ(last.counts().failed(), 1u);
}

}  // namespace
}  // namespace registry_manager
