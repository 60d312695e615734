// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/run_recorder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>
#include <utility>

#include "coordinator/records/records_fixture_for_test.h"
#include "coordinator/run/run_fixture_for_test.h"

namespace registry_manager {
namespace {

class BlindView : public RecordView {
 public:
  void Show(const TaskRecords& /*records*/) override {}
  void Notice(const std::string& /*text*/) override {}
  void Change(const std::string& /*text*/) override {}
  void Progress(const proto::RunSnapshot& /*snapshot*/) override {}
};

// A recorder that writes the files of run RUN1.
class RunRecorderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string base = testing::TempDir() + "/reporter-XXXXXX";
    ASSERT_NE(mkdtemp(base.data()), nullptr);
    setenv("XDG_STATE_HOME", base.c_str(), 1);
    absl::StatusOr<StateFolder> folder = StateFolder::Open();
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_.emplace(*std::move(folder));
    ASSERT_TRUE(folder_->MakeRun("RUN1").ok());
  }

  RunRecorder Make() {
    absl::StatusOr<OutcomeLog> log =
        OutcomeLog::Open(folder_->run("RUN1") + "/outcomes.jsonl");
    EXPECT_TRUE(log.ok()) << log.status();
    RunRecorder recorder(folder_, *std::move(log), &view_);
    proto::RunSnapshot header;
    header.set_verb("submit");
    header.set_begun_unix(77);
    recorder.SetHeader(header);
    return recorder;
  }

  std::vector<OutcomeRecord> Records() {
    std::vector<OutcomeRecord> records;
    EXPECT_TRUE(
        ReadOutcomes(folder_->run("RUN1") + "/outcomes.jsonl",
                     [&](const OutcomeRecord& one) { records.push_back(one); })
            .ok());
    return records;
  }

  Run::About App() const { return {&stream_, "app", false, ""}; }

  const WorkStream stream_ = StreamFor(WorkStream::Kind::kDelete, kA);
  std::optional<StateFolder> folder_;
  BlindView view_;
};

TEST_F(RunRecorderTest, EveryActionIsLoggedAndFailuresAreInTheSnapshot) {
  {
    RunRecorder recorder = Make();
    recorder.OnEnded(App(), TwoTags());
    recorder.OnProgress(Running());
  }
  const std::vector<OutcomeRecord> records = Records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].reference, "1.0");
  EXPECT_EQ(records[0].result, "done");
  EXPECT_EQ(records[0].action, "delete");
  EXPECT_EQ(records[0].registry, kA);
  EXPECT_EQ(records[1].result, "failed");
  EXPECT_EQ(records[1].reason, "denied");
  EXPECT_EQ(records[2].kind, OutcomeRecord::Kind::kRepository);
  EXPECT_EQ(records[2].result, "done");
  EXPECT_EQ(records[2].counts.deleted(), 1u);
  const absl::StatusOr<proto::RunSnapshot> snapshot =
      folder_->ReadSnapshot("RUN1");
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->verb(), "submit");
  EXPECT_EQ(snapshot->begun_unix(), 77);
  ASSERT_EQ(snapshot->failures_size(), 1);
  EXPECT_EQ(snapshot->failures(0).repository(), "app");
  EXPECT_EQ(snapshot->failures(0).reference(), "2.0");
  EXPECT_EQ(snapshot->failures(0).reason(), "denied");
  EXPECT_EQ(snapshot->failures_total(), 1u);
}

TEST_F(RunRecorderTest, ARepositoryThatFailedIsLoggedWithItsReason) {
  {
    RunRecorder recorder = Make();
    recorder.OnEnded(App(), Failed("no such repository"));
    recorder.OnRefused({&stream_, "other", false, ""}, "its sync failed",
                       Run::Refusal::kSyncFailed);
    recorder.OnRefused({&stream_, "bad", false, "", 3, 17}, "no name",
                       Run::Refusal::kFailure);
  }
  const std::vector<OutcomeRecord> records = Records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].kind, OutcomeRecord::Kind::kRepository);
  EXPECT_EQ(records[0].result, "failed");
  EXPECT_EQ(records[0].reason, "no such repository");
  EXPECT_EQ(records[1].repository, "other");
  EXPECT_EQ(records[1].result, "skipped");
  EXPECT_EQ(records[2].task, (TaskPlace{3, 17}));
  EXPECT_EQ(records[2].counts.failed(), 1u);
}

TEST_F(RunRecorderTest, FailuresOfAnEarlierCoordinatorAreKept) {
  RunRecorder first = Make();
  first.OnEnded(App(), TwoTags());
  first.OnProgress(Running());
  RunRecorder second = Make();
  second.failures().Add(Records()[1]);
  second.OnEnded(App(), Failed("no"));
  proto::RunSnapshot snapshot = Running();
  second.Complete(snapshot);
  EXPECT_EQ(snapshot.failures_total(), 2u);
}

TEST_F(RunRecorderTest, WhatIsAboutToBeJournalledIsInTheFileBefore) {
  RunRecorder recorder = Make();
  recorder.OnEnded(App(), TwoTags());
  ASSERT_TRUE(recorder.OnCommit().ok());
  EXPECT_EQ(Records().size(), 3u);
}

}  // namespace
}  // namespace registry_manager
