// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/report/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

constexpr char kA[] = "https://a.example";

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    remove(file_.c_str());
    run_.set_run("RUN1");
    run_.set_state(proto::RunSnapshot::FINISHED);
    run_.set_begun_unix(1000);
    run_.set_updated_unix(1000 + 119);
  }

  static OutcomeRecord Action(int64_t time, const std::string& result) {
    OutcomeRecord record;
    record.time = time;
    record.policy = "delete";
    record.registry = kA;
    record.repository = "app";
    record.action = "delete";
    record.result = result;
    record.reference = "1.0";
    record.reason = result == "failed" ? "denied" : "";
    return record;
  }

  static OutcomeRecord Repository(const std::string& name, double seconds) {
    OutcomeRecord record = Action(1000, "done");
    record.kind = OutcomeRecord::Kind::kRepository;
    record.repository = name;
    record.reference.clear();
    record.seconds = seconds;
    record.counts.set_requests(3);
    return record;
  }

  Report Build(const std::vector<OutcomeRecord>& records) {
    {
      absl::StatusOr<OutcomeLog> log = OutcomeLog::Open(file_);
      EXPECT_TRUE(log.ok()) << log.status();
      for (const OutcomeRecord& record : records) log->Append(record);
    }
    absl::StatusOr<Report> report = BuildReport(run_, file_);
    EXPECT_TRUE(report.ok()) << report.status();
    return *std::move(report);
  }

  const std::string file_ = testing::TempDir() + "/outcomes.jsonl";
  proto::RunSnapshot run_;
};

TEST_F(ReportTest, TheTimelineHoldsWhatWasDoneAndWhatFailed) {
  // 120 seconds in 60 intervals of two.
  const Report report = Build({Action(1000, "done"), Action(1001, "planned"),
                               Action(1002, "failed"), Action(1119, "done"),
                               Action(1003, "skipped")});
  EXPECT_EQ(report.interval_seconds, 2);
  ASSERT_EQ(report.timeline.size(), 60u);
  EXPECT_EQ(report.timeline[0].done, 2u);
  EXPECT_EQ(report.timeline[1].failed, 1u);
  EXPECT_EQ(report.timeline[1].done, 0u);
  EXPECT_EQ(report.timeline[59].done, 1u);
}

TEST_F(ReportTest, ATimeOutsideTheRunIsPutToItsEnds) {
  const Report report = Build({Action(0, "done"), Action(99999, "done")});
  EXPECT_EQ(report.timeline.front().done, 1u);
  EXPECT_EQ(report.timeline.back().done, 1u);
}

TEST_F(ReportTest, TheSlowestRepositoriesComeFirst) {
  const Report report =
      Build({Repository("a", 1), Repository("b", 5), Repository("c", 2)});
  ASSERT_EQ(report.slowest.size(), 3u);
  EXPECT_EQ(report.slowest[0].repository, "b");
  EXPECT_EQ(report.slowest[1].repository, "c");
}

TEST_F(ReportTest, TheBatchesOfOneRepositoryAreSummedUp) {
  const Report report = Build({Repository("a", 1), Repository("a", 2)});
  ASSERT_EQ(report.slowest.size(), 1u);
  EXPECT_EQ(report.slowest[0].seconds, 3);
  EXPECT_EQ(report.slowest[0].counts.requests(), 6u);
}

TEST_F(ReportTest, NoMoreThanTwentyRepositories) {
  std::vector<OutcomeRecord> records;
  for (int i = 0; i < 30; ++i) {
    records.push_back(Repository(absl::StrCat("r", i), i));
  }
  const Report report = Build(records);
  ASSERT_EQ(report.slowest.size(), 20u);
  EXPECT_EQ(report.slowest.front().repository, "r29");
}

TEST_F(ReportTest, FailuresOfEveryKindWithTheirReasons) {
  OutcomeRecord whole = Repository("b", 0);
  whole.result = "failed";
  whole.reason = "no answer";
  const std::string text = TextReport(Build({Action(1000, "failed"), whole}));
  EXPECT_TRUE(absl::StrContains(text,
                                "failures:\n"
                                "  delete a.example/app:1.0: denied\n"
                                "  delete a.example/b: no answer\n"))
      << text;
}

TEST_F(ReportTest, NamesWhatWasNotCarriedOutAndWhy) {
  std::vector<OutcomeRecord> records;
  for (int i = 1; i <= 12; ++i) {
    records.push_back(Repository(absl::StrCat("r", i), 0));
    records.back().result = "skipped";
    records.back().reason = "its sync failed";
  }
  // Looked at, with nothing to do.
  records.push_back(Repository("same", 1));
  records.back().result = "skipped";
  const Report report = Build(records);
  ASSERT_EQ(report.not_carried_out.size(), 1u);
  EXPECT_EQ(report.slowest.size(), 1u);
  EXPECT_TRUE(absl::StrContains(
      TextReport(report),
      "not carried out:\n"
      "  delete a.example, 12 repositories: its sync failed\n"
      "    r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 and 2 more\n"))
      << TextReport(report);
  const auto json = nlohmann::json::parse(JsonReport(report));
  EXPECT_EQ(json["not_carried_out"][0]["total"], 12);
  EXPECT_EQ(json["not_carried_out"][0]["repositories"][0], "r1");
}

TEST_F(ReportTest, NoFileNoReport) {
  EXPECT_TRUE(absl::IsNotFound(BuildReport(run_, file_).status()));
}

TEST_F(ReportTest, AsJson) {
  const auto json = nlohmann::json::parse(
      JsonReport(Build({Action(1000, "failed"), Repository("a", 1.5)})));
  EXPECT_EQ(json["type"], "report");
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["run"]["type"], "run");
  EXPECT_EQ(json["run"]["run"], "RUN1");
  EXPECT_EQ(json["slowest"][0]["seconds"], 1.5);
  EXPECT_EQ(json["failures"][0]["reason"], "denied");
  EXPECT_EQ(json["failures_total"], 1);
  EXPECT_EQ(json["timeline"]["intervals"][0]["failed"], 1);
}

}  // namespace
}  // namespace registry_manager
