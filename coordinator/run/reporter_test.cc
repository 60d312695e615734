// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/reporter.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "coordinator/run/run_fixture_for_test.h"
#include "coordinator/run/text.h"

namespace registry_manager {
namespace {

using proto::Action;

// A reporter that writes the files of run RUN1, and what it prints.
class ReporterTest : public testing::Test {
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

  Reporter Make(ReporterOptions options) {
    absl::StatusOr<OutcomeLog> log =
        OutcomeLog::Open(folder_->run("RUN1") + "/outcomes.jsonl");
    EXPECT_TRUE(log.ok()) << log.status();
    Reporter reporter(options, folder_, *std::move(log));
    proto::RunSnapshot header;
    header.set_verb("submit");
    header.set_begun_unix(77);
    reporter.SetHeader(header);
    return reporter;
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

  const Stream stream_ = StreamFor(Stream::Kind::kDelete, kA);
  std::optional<StateFolder> folder_;
};

Action MakeAction(Action::Verb verb, Action::Result result,
                  const std::string& reference, const std::string& reason) {
  Action action;
  action.set_verb(verb);
  action.set_result(result);
  action.set_reference(reference);
  action.set_reason(reason);
  return action;
}

proto::TaskResult TwoTags() {
  proto::TaskResult result = Done();
  result.mutable_counts()->set_tags(2);
  result.mutable_counts()->set_deleted(1);
  result.mutable_counts()->set_failed(1);
  *result.add_actions() =
      MakeAction(Action::DELETE_TAG, Action::DONE, "1.0", "");
  *result.add_actions() =
      MakeAction(Action::DELETE_TAG, Action::FAILED, "2.0", "denied");
  return result;
}

proto::RunSnapshot Running() {
  proto::RunSnapshot snapshot;
  snapshot.set_run("RUN1");
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  return snapshot;
}

TEST_F(ReporterTest, EveryActionIsLoggedAndFailuresAreInTheSnapshot) {
  {
    Reporter reporter = Make({});
    reporter.OnEnded(App(), TwoTags());
    reporter.OnProgress(Running());
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

TEST_F(ReporterTest, ARepositoryThatFailedIsLoggedWithItsReason) {
  {
    Reporter reporter = Make({});
    reporter.OnEnded(App(), Failed("no such repository"));
    reporter.OnRefused({&stream_, "other", false, ""}, "its sync failed",
                       Run::Refusal::kSyncFailed);
    reporter.OnRefused({&stream_, "bad", false, "", 3, 17}, "no name",
                       Run::Refusal::kFailure);
  }
  const std::vector<OutcomeRecord> records = Records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].kind, OutcomeRecord::Kind::kRepository);
  EXPECT_EQ(records[0].result, "failed");
  EXPECT_EQ(records[0].reason, "no such repository");
  EXPECT_EQ(records[1].repository, "other");
  EXPECT_EQ(records[1].result, "skipped");
  EXPECT_EQ(records[2].task, std::pair(3u, 17u));
  EXPECT_EQ(records[2].counts.failed(), 1u);
}

TEST_F(ReporterTest, FailuresOfAnEarlierCoordinatorAreKept) {
  Reporter first = Make({});
  first.OnEnded(App(), TwoTags());
  first.OnProgress(Running());
  Reporter second = Make({});
  second.RememberFailure(Records()[1]);
  second.OnEnded(App(), Failed("no"));
  proto::RunSnapshot snapshot = Running();
  second.Complete(snapshot);
  EXPECT_EQ(snapshot.failures_total(), 2u);
}

TEST_F(ReporterTest, WhatIsAboutToBeJournalledIsInTheFileBefore) {
  Reporter reporter = Make({});
  reporter.OnEnded(App(), TwoTags());
  ASSERT_TRUE(reporter.OnCommit().ok());
  EXPECT_EQ(Records().size(), 3u);
}

TEST_F(ReporterTest, ANoticeIsSaidOnceAndAChangeEachTime) {
  Reporter reporter = Make({});
  testing::internal::CaptureStderr();
  for (int i = 0; i < 2; ++i) {
    reporter.OnNotice("unusual");
    reporter.OnChange("away");
    reporter.OnChange("back");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "unusual\naway\nback\naway\nback\n");
}

TEST_F(ReporterTest, FailuresAreShownAlsoWithoutDetails) {
  Reporter reporter = Make({});
  testing::internal::CaptureStdout();
  reporter.OnEnded(App(), TwoTags());
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "delete a.example/app: 2 tags: 1 deleted, 1 failed\n"
            "    2.0  failed  denied\n");
}

TEST_F(ReporterTest, ASyncSaysToWhichRepositoryOfItsTarget) {
  Stream stream = StreamFor(Stream::Kind::kSync, kA);
  stream.target = kB;
  const Run::About about{&stream, "library/app", false, "prod/app"};
  Reporter reporter = Make({});
  proto::TaskResult result = Done();
  result.mutable_counts()->set_tags(3);
  result.mutable_counts()->set_failed(1);
  result.mutable_counts()->set_not_selected(2);
  *result.add_actions() =
      MakeAction(Action::COPY_TAG, Action::FAILED, "1.0", "denied");
  testing::internal::CaptureStdout();
  reporter.OnEnded(about, result);
  reporter.Flush();
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "sync a.example/library/app -> b.example/prod/app: 3 tags: "
            "1 failed, 2 not selected\n"
            "    1.0  failed  denied\n");
  proto::RunSnapshot snapshot = Running();
  reporter.Complete(snapshot);
  EXPECT_EQ(FailureText(snapshot.failures(0)),
            "a.example/library/app:1.0 -> b.example/prod/app: denied");
  const std::vector<OutcomeRecord> records = Records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].target_repository, "prod/app");
  EXPECT_EQ(records[1].target_repository, "prod/app");
}

TEST_F(ReporterTest, WhatASyncDoesNotSelectIsADetail) {
  Stream stream = StreamFor(Stream::Kind::kSync, kA);
  stream.target = kB;
  Reporter reporter = Make({.details = true});
  proto::TaskResult result = Done();
  *result.add_actions() = MakeAction(Action::NOT_SELECTED, Action::SKIPPED,
                                     "dev", "matches none of the filters");
  testing::internal::CaptureStdout();
  reporter.OnActions({&stream, "app", false, "app"}, result.actions());
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "    dev  not selected  matches none of the filters\n");
}

TEST_F(ReporterTest, DetailsShowEveryTagAndNothingUnprintable) {
  Reporter reporter = Make({.details = true});
  proto::TaskResult result = Done();
  result.mutable_counts()->set_tags(1);
  result.mutable_counts()->set_kept(1);
  *result.add_actions() =
      MakeAction(Action::KEEP, Action::DONE, "1.0", "newest\x1b[2J");
  testing::internal::CaptureStdout();
  reporter.OnEnded(App(), result);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "delete a.example/app: 1 tag: 1 kept\n"
            "    1.0  keep  newest\\x1b[2J\n");
}

TEST_F(ReporterTest, ForAProgramEachLineIsAnObject) {
  Reporter reporter = Make({.json = true});
  testing::internal::CaptureStdout();
  reporter.OnEnded(App(), TwoTags());
  const std::vector<std::string> lines =
      absl::StrSplit(testing::internal::GetCapturedStdout(), '\n');
  ASSERT_EQ(lines.size(), 4u);
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first["type"], "action");
  EXPECT_EQ(first["version"], 1);
  EXPECT_EQ(first["registry"], kA);
  EXPECT_EQ(first["repository"], "app");
  EXPECT_EQ(first["action"], "delete");
  EXPECT_EQ(first["reference"], "1.0");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["reason"], "denied");
  const auto last = nlohmann::json::parse(lines[2]);
  EXPECT_EQ(last["type"], "repository");
  EXPECT_EQ(last["counts"]["failed"], 1);
  EXPECT_EQ(lines[3], "");
}

TEST_F(ReporterTest, AListingForAProgram) {
  Reporter reporter({.list = true, .json = true}, std::nullopt, std::nullopt);
  proto::TaskResult result = Done();
  *result.add_actions() = MakeAction(Action::LIST, Action::DONE, "1.0", "");
  testing::internal::CaptureStdout();
  reporter.OnEnded(App(), result);
  EXPECT_EQ(nlohmann::json::parse(testing::internal::GetCapturedStdout()),
            nlohmann::json({{"type", "image"},
                            {"version", 1},
                            {"registry", kA},
                            {"repository", "app"},
                            {"tag", "1.0"}}));
}

TEST_F(ReporterTest, NoticesAreLinesOfJsonWhereLogsAre) {
  Reporter reporter = Make({.log_json = true});
  testing::internal::CaptureStderr();
  reporter.OnNotice("hm");
  const auto line =
      nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["type"], "log");
  EXPECT_EQ(line["message"], "hm");
}

TEST_F(ReporterTest, AListingIsImagesAndNothingElse) {
  Reporter reporter({.list = true}, std::nullopt, std::nullopt);
  proto::TaskResult result = Done();
  *result.add_actions() = MakeAction(Action::LIST, Action::DONE, "1.0", "");
  result.add_notes("a note");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  reporter.OnEnded(App(), result);
  reporter.OnEnded(App(), Failed("denied"));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a.example/app:1.0\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a.example/app: denied\n");
}

TEST_F(ReporterTest, ANoticeIsGivenOnce) {
  Reporter reporter = Make({});
  testing::internal::CaptureStderr();
  reporter.OnNotice("the same");
  reporter.OnNotice("the same");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "the same\n");
}

TEST_F(ReporterTest, ARegistryThatIsParkedForLongIsToldOnce) {
  Reporter reporter = Make({.progress = false});
  proto::RunSnapshot snapshot;
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  proto::RegistrySnapshot& registry = *snapshot.add_registries();
  registry.set_registry(kA);
  const auto told = [&](absl::Duration parked) {
    registry.set_parked_until_unix_ms(absl::ToUnixMillis(absl::Now() + parked));
    testing::internal::CaptureStderr();
    reporter.OnProgress(snapshot);
    reporter.OnProgress(snapshot);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(told(absl::Seconds(5)), "");
  const std::string text = told(absl::Hours(2));
  EXPECT_TRUE(absl::StrContains(text, "asked to be left alone until"));
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  EXPECT_EQ(told(absl::Hours(2)), "");
  EXPECT_NE(told(absl::Hours(3)), "");
}

TEST_F(ReporterTest, ListsTagsWordsAndReasonsInColumns) {
  proto::TaskResult result = Done();
  result.mutable_counts()->set_tags(2);
  *result.add_actions() =
      MakeAction(Action::KEEP, Action::SKIPPED, "develop-2", "newest");
  *result.add_actions() =
      MakeAction(Action::DELETE_TAG, Action::PLANNED, "develop-17", "older");
  *result.add_actions() = MakeAction(Action::DELETE_MANIFEST, Action::PLANNED,
                                     "sha256:" + std::string(64, '0'), "");
  testing::internal::CaptureStdout();
  {
    Reporter reporter = Make({.details = true});
    reporter.OnEnded(App(), result);
  }
  const std::vector<std::string> lines =
      absl::StrSplit(testing::internal::GetCapturedStdout(), '\n');
  ASSERT_GE(lines.size(), 4u);
  EXPECT_EQ(lines[1], "    develop-2   keep    newest");
  EXPECT_EQ(lines[2], "    develop-17  delete  older");
  EXPECT_EQ(lines[3], "    sha256:" + std::string(64, '0') + "  delete");
}

}  // namespace
}  // namespace registry_manager
