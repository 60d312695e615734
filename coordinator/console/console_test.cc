// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/console.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "coordinator/records/records_fixture_for_test.h"
#include "coordinator/records/run_recorder.h"
#include "coordinator/run/run_fixture_for_test.h"
#include "coordinator/words/text.h"

namespace registry_manager {
namespace {

using proto::Action;

// A console that is shown what a recorder records of a run that is not kept.
struct Told {
  explicit Told(ConsoleOptions options)
      : console(options), recorder(std::nullopt, std::nullopt, &console) {}
  Told(const Told&) = delete;

  Console console;
  RunRecorder recorder;
};

class ConsoleTest : public testing::Test {
 protected:
  Run::About App() const { return {&stream_, "app", false, ""}; }

  const WorkStream stream_ = StreamFor(WorkStream::Kind::kDelete, kA);
};

TEST_F(ConsoleTest, ANoticeIsSaidOnceAndAChangeEachTime) {
  Told shown({});
  testing::internal::CaptureStderr();
  for (int i = 0; i < 2; ++i) {
    shown.recorder.OnNotice("unusual");
    shown.recorder.OnChange("away");
    shown.recorder.OnChange("back");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "unusual\naway\nback\naway\nback\n");
}

TEST_F(ConsoleTest, FailuresAreShownAlsoWithoutDetails) {
  Told shown({});
  testing::internal::CaptureStdout();
  shown.recorder.OnEnded(App(), TwoTags());
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "delete a.example/app: 2 tags: 1 deleted, 1 failed\n"
            "    2.0  failed  denied\n");
}

TEST_F(ConsoleTest, ASyncSaysToWhichRepositoryOfItsTarget) {
  WorkStream stream = StreamFor(WorkStream::Kind::kSync, kA);
  stream.target = kB;
  const Run::About about{&stream, "library/app", false, "prod/app"};
  Told shown({});
  proto::TaskResult result = Done();
  result.mutable_counts()->set_tags(3);
  result.mutable_counts()->set_failed(1);
  result.mutable_counts()->set_not_selected(2);
  *result.add_actions() =
      MakeAction(Action::COPY_TAG, Action::FAILED, "1.0", "denied");
  testing::internal::CaptureStdout();
  shown.recorder.OnEnded(about, result);
  shown.console.Clear();
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "sync a.example/library/app -> b.example/prod/app: 3 tags: "
            "1 failed, 2 not selected\n"
            "    1.0  failed  denied\n");
  proto::RunSnapshot snapshot = Running();
  shown.recorder.Complete(snapshot);
  EXPECT_EQ(FailureText(snapshot.failures(0)),
            "a.example/library/app:1.0 -> b.example/prod/app: denied");
}

TEST_F(ConsoleTest, WhatASyncDoesNotSelectIsADetail) {
  WorkStream stream = StreamFor(WorkStream::Kind::kSync, kA);
  stream.target = kB;
  Told shown({.details = true});
  proto::TaskResult result = Done();
  *result.add_actions() = MakeAction(Action::NOT_SELECTED, Action::SKIPPED,
                                     "dev", "matches none of the filters");
  testing::internal::CaptureStdout();
  shown.recorder.OnActions({&stream, "app", false, "app"}, result.actions());
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "    dev  not selected  matches none of the filters\n");
}

TEST_F(ConsoleTest, DetailsShowEveryTagAndNothingUnprintable) {
  Told shown({.details = true});
  proto::TaskResult result = Done();
  result.mutable_counts()->set_tags(1);
  result.mutable_counts()->set_kept(1);
  *result.add_actions() =
      MakeAction(Action::KEEP, Action::DONE, "1.0", "newest\x1b[2J");
  testing::internal::CaptureStdout();
  shown.recorder.OnEnded(App(), result);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "delete a.example/app: 1 tag: 1 kept\n"
            "    1.0  keep  newest\\x1b[2J\n");
}

TEST_F(ConsoleTest, ForAProgramEachLineIsAnObject) {
  Told shown({.json = true});
  testing::internal::CaptureStdout();
  shown.recorder.OnEnded(App(), TwoTags());
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

TEST_F(ConsoleTest, AListingForAProgram) {
  Told shown({.list = true, .json = true});
  proto::TaskResult result = Done();
  *result.add_actions() = MakeAction(Action::LIST, Action::DONE, "1.0", "");
  testing::internal::CaptureStdout();
  shown.recorder.OnEnded(App(), result);
  EXPECT_EQ(nlohmann::json::parse(testing::internal::GetCapturedStdout()),
            nlohmann::json({{"type", "image"},
                            {"version", 1},
                            {"registry", kA},
                            {"repository", "app"},
                            {"tag", "1.0"}}));
}

TEST_F(ConsoleTest, NoticesAreLinesOfJsonWhereLogsAre) {
  Told shown({.log_json = true});
  testing::internal::CaptureStderr();
  shown.recorder.OnNotice("hm");
  const auto line =
      nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["type"], "log");
  EXPECT_EQ(line["message"], "hm");
}

TEST_F(ConsoleTest, AListingIsImagesAndNothingElse) {
  Told shown({.list = true});
  proto::TaskResult result = Done();
  *result.add_actions() = MakeAction(Action::LIST, Action::DONE, "1.0", "");
  result.add_notes("a note");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  shown.recorder.OnEnded(App(), result);
  shown.recorder.OnEnded(App(), Failed("denied"));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a.example/app:1.0\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a.example/app: denied\n");
}

TEST_F(ConsoleTest, ANoticeIsGivenOnce) {
  Told shown({});
  testing::internal::CaptureStderr();
  shown.recorder.OnNotice("the same");
  shown.recorder.OnNotice("the same");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "the same\n");
}

TEST_F(ConsoleTest, ARegistryThatIsParkedForLongIsToldOnce) {
  Told shown({.progress = false});
  proto::RunSnapshot snapshot;
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  proto::RegistrySnapshot& registry = *snapshot.add_registries();
  registry.set_registry(kA);
  const auto told = [&](absl::Duration parked) {
    registry.set_parked_until_unix_ms(absl::ToUnixMillis(absl::Now() + parked));
    testing::internal::CaptureStderr();
    shown.recorder.OnProgress(snapshot);
    shown.recorder.OnProgress(snapshot);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(told(absl::Seconds(5)), "");
  const std::string text = told(absl::Hours(2));
  EXPECT_TRUE(absl::StrContains(text, "asked to be left alone until"));
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  EXPECT_EQ(told(absl::Hours(2)), "");
  EXPECT_NE(told(absl::Hours(3)), "");
}

// In a log nobody sees the display.
TEST_F(ConsoleTest, ARegistryThatGivesNoAnswerIsToldOfAndNotEachSecond) {
  Told shown({});
  proto::RunSnapshot snapshot;
  snapshot.set_state(proto::RunSnapshot::RUNNING);
  proto::RegistrySnapshot& registry = *snapshot.add_registries();
  registry.set_registry(kA);
  const auto told = [&](absl::Duration silent) {
    registry.set_silent_since_unix_ms(absl::ToUnixMillis(absl::Now() - silent));
    registry.set_set_aside_at_unix_ms(
        absl::ToUnixMillis(absl::Now() + absl::Minutes(9)));
    testing::internal::CaptureStderr();
    shown.recorder.OnProgress(snapshot);
    shown.recorder.OnProgress(snapshot);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(told(absl::Seconds(5)), "");
  EXPECT_EQ(told(absl::Seconds(12)),
            "a.example: no answer for 12 s, set aside in 9 min\n");
  EXPECT_EQ(told(absl::Seconds(13)), "");
}

TEST_F(ConsoleTest, ListsTagsWordsAndReasonsInColumns) {
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
    Told shown({.details = true});
    shown.recorder.OnEnded(App(), result);
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
