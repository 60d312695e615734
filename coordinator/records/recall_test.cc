// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/recall.h"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "coordinator/run/run_fixture_for_test.h"

namespace registry_manager {
namespace {

// testing::Test has a Run of its own.
using RunOfTasks = Run;

class RecallTest : public testing::Test {
 protected:
  // A run over x and y, of which the journal has x.
  void SetUp() override {
    Commit commit;
    RunOfTasks first("RUN1", streams_);
    first.Begin(commit);
    commit.outcomes.push_back({0, 0, TaskState::kDead});
    commit.counts.emplace_back().set_failed(2);
    ASSERT_TRUE(journal_.Write(commit).ok());
    Commit none;
    ASSERT_TRUE(run_.Restore(journal_, *journal_.Read(), none).ok());
    std::ofstream(file_).close();
  }

  void Append(OutcomeRecord record) {
    absl::StatusOr<OutcomeLog> log = OutcomeLog::Open(file_);
    ASSERT_TRUE(log.ok()) << log.status();
    record.policy = "delete";
    record.registry = kA;
    log->Append(record);
  }
  void AppendEnd(const std::string& repository, uint32_t index,
                 uint64_t failed) {
    OutcomeRecord record;
    record.repository = repository;
    record.task = {0, index};
    record.result = "failed";
    record.reference = "1.0";
    Append(record);
    record.kind = OutcomeRecord::Kind::kRepository;
    record.reference.clear();
    record.counts.set_failed(failed);
    Append(record);
  }

  const std::vector<WorkStream> streams_ = {
      Naming(StreamFor(WorkStream::Kind::kDelete, kA), {"x", "y"})};
  const std::string file_ = testing::TempDir() + "/recalled.jsonl";
  JournalForTest journal_;
  RunOfTasks run_{"RUN1", streams_};
  FailureList failures_;
};

TEST_F(RecallTest, CountsAndFailuresOfWhatIsJournalledComeBack) {
  AppendEnd("x", 0, 2);
  ASSERT_TRUE(Recall(file_, run_, failures_).ok());
  const proto::RunSnapshot snapshot = run_.Snapshot();
  EXPECT_EQ(snapshot.totals().failed(), 2u);
  EXPECT_EQ(snapshot.streams(0).counts().failed(), 2u);
  proto::RunSnapshot complete;
  failures_.AddTo(complete);
  EXPECT_EQ(complete.failures_total(), 2u);
  ASSERT_EQ(complete.failures_size(), 2);
  EXPECT_EQ(complete.failures(0).repository(), "x");
  EXPECT_EQ(complete.failures(0).reference(), "1.0");
}

// Told, and killed before the journal had it: it is carried out again.
TEST_F(RecallTest, WhatTheJournalDoesNotHaveIsNotCounted) {
  AppendEnd("x", 0, 3);
  AppendEnd("x", 0, 2);
  AppendEnd("y", 1, 2);
  ASSERT_TRUE(Recall(file_, run_, failures_).ok());
  EXPECT_EQ(run_.Snapshot().streams(0).counts().failed(), 2u);
  proto::RunSnapshot complete;
  failures_.AddTo(complete);
  EXPECT_EQ(complete.failures_total(), 2u);
}

TEST_F(RecallTest, AFileOfAnotherRunDoesNoHarm) {
  AppendEnd("z", 7, 2);
  OutcomeRecord record;
  record.task = {9, 0};
  record.result = "failed";
  Append(record);
  ASSERT_TRUE(Recall(file_, run_, failures_).ok());
  EXPECT_EQ(run_.Snapshot().streams(0).counts().failed(), 0u);
}

}  // namespace
}  // namespace registry_manager
