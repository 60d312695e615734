// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/outcome_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

std::string File(const std::string& name) {
  const std::string file = testing::TempDir() + "/" + name;
  remove(file.c_str());
  return file;
}

OutcomeRecord Record(const std::string& repository) {
  OutcomeRecord record;
  record.time = 7;
  record.policy = "delete";
  record.registry = "https://a.example";
  record.repository = repository;
  record.action = "delete";
  record.result = "failed";
  record.reference = "1.0";
  record.digest = "sha256:00";
  record.reason = "why";
  return record;
}

void Append(const std::string& file, const std::string& repository) {
  absl::StatusOr<OutcomeLog> log = OutcomeLog::Open(file);
  ASSERT_TRUE(log.ok()) << log.status();
  log->Append(Record(repository));
  EXPECT_TRUE(log->Flush().ok());
}

std::vector<std::string> Repositories(const std::string& file) {
  std::vector<std::string> names;
  EXPECT_TRUE(ReadOutcomes(file, [&](const OutcomeRecord& record) {
                names.push_back(record.repository);
              }).ok());
  return names;
}

OutcomeRecord Ended(uint32_t index, const std::string& result) {
  OutcomeRecord record = Record(absl::StrCat("app", index));
  record.kind = OutcomeRecord::Kind::kRepository;
  record.task = {3, index};
  record.action.clear();
  record.reference.clear();
  record.result = result;
  return record;
}

OutcomeRecord Acted(uint32_t index, const std::string& tag,
                    const std::string& result) {
  OutcomeRecord record = Record(absl::StrCat("app", index));
  record.task = {3, index};
  record.reference = tag;
  record.result = result;
  return record;
}

OutcomeRecord PageOf(const std::string& registry, const std::string& result) {
  OutcomeRecord record = Record("");
  record.kind = OutcomeRecord::Kind::kCatalogue;
  record.registry = registry;
  record.result = result;
  return record;
}

// "app1:2 done", "app1 failed", "https://a.example done"
std::vector<std::string> FinalLines(const std::vector<OutcomeRecord>& records) {
  const std::string file = File("final.jsonl");
  absl::StatusOr<OutcomeLog> log = OutcomeLog::Open(file);
  EXPECT_TRUE(log.ok()) << log.status();
  for (const OutcomeRecord& record : records) log->Append(record);
  EXPECT_TRUE(log->Flush().ok());
  std::vector<std::string> lines;
  EXPECT_TRUE(ReadFinalOutcomes(file, [&](const OutcomeRecord& record) {
                std::string name = record.repository;
                if (name.empty()) name = record.registry;
                if (record.kind == OutcomeRecord::Kind::kAction) {
                  name += ":" + record.reference;
                }
                lines.push_back(absl::StrCat(name, " ", record.result));
              }).ok());
  return lines;
}

using Lines = std::vector<std::string>;

TEST(OutcomeLogTest, OfATaskThatEndedTwiceTheLastEndHoldsAndWhatWasDone) {
  EXPECT_EQ(
      FinalLines({Acted(1, "a", "done"), Acted(1, "b", "failed"),
                  Ended(1, "failed"), Ended(2, "failed"),
                  Acted(1, "c", "failed"), Ended(1, "done")}),
      Lines({"app1:a done", "app2 failed", "app1:c failed", "app1 done"}));
}

TEST(OutcomeLogTest, BatchesOfOneRepositoryDoNotReplaceEachOther) {
  std::vector<OutcomeRecord> records = {Ended(1, "failed"), Ended(2, "done")};
  records[1].repository = records[0].repository;
  EXPECT_EQ(FinalLines(records), Lines({"app1 failed", "app1 done"}));
}

TEST(OutcomeLogTest, ACatalogueThatWasListedLaterHasNotFailed) {
  EXPECT_EQ(FinalLines({PageOf("https://a.example", "done"),
                        PageOf("https://a.example", "failed"),
                        PageOf("https://b.example", "failed"),
                        PageOf("https://a.example", "done")}),
            Lines({"https://a.example done", "https://b.example failed",
                   "https://a.example done"}));
}

TEST(OutcomeLogTest, LinesWithoutATaskAllHold) {
  OutcomeRecord record = Ended(1, "failed");
  record.task.reset();
  EXPECT_EQ(FinalLines({record, record}),
            Lines({"app1 failed", "app1 failed"}));
}

TEST(OutcomeLogTest, ATaskNumberThatCannotBeIsNone) {
  OutcomeRecord record = Ended(0xffffffff, "failed");
  EXPECT_EQ(FinalLines({record, record}).size(), 2u);
}

TEST(OutcomeLogTest, GivesBackWhatWasAppended) {
  const std::string file = File("fields.jsonl");
  Append(file, "app");
  OutcomeRecord read;
  ASSERT_TRUE(
      ReadOutcomes(file, [&](const OutcomeRecord& one) { read = one; }).ok());
  EXPECT_EQ(read.time, 7);
  EXPECT_EQ(read.policy, "delete");
  EXPECT_EQ(read.registry, "https://a.example");
  EXPECT_EQ(read.repository, "app");
  EXPECT_EQ(read.action, "delete");
  EXPECT_EQ(read.result, "failed");
  EXPECT_EQ(read.reference, "1.0");
  EXPECT_EQ(read.digest, "sha256:00");
  EXPECT_EQ(read.reason, "why");
}

TEST(OutcomeLogTest, ALargeFileTakesFailuresAndEndsOnly) {
  const std::string file = testing::TempDir() + "/large.jsonl";
  std::filesystem::remove(file);
  { std::ofstream(file) << "\n"; }
  // Takes no space on the disk.
  std::filesystem::resize_file(file, OutcomeLog::kMaxActions + 1);
  absl::StatusOr<OutcomeLog> log = OutcomeLog::Open(file);
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_TRUE(log->Flush().ok());
  const auto grows = [&](OutcomeRecord::Kind kind, const std::string& result) {
    const auto before = std::filesystem::file_size(file);
    OutcomeRecord record;
    record.kind = kind;
    record.result = result;
    log->Append(record);
    EXPECT_TRUE(log->Flush().ok());
    return std::filesystem::file_size(file) > before;
  };
  EXPECT_TRUE(grows(OutcomeRecord::Kind::kAction, "failed"));
  EXPECT_TRUE(grows(OutcomeRecord::Kind::kRepository, "done"));
  EXPECT_FALSE(log->is_cut());
  EXPECT_FALSE(grows(OutcomeRecord::Kind::kAction, "done"));
  EXPECT_TRUE(log->is_cut());
  std::filesystem::remove(file);
}

TEST(OutcomeLogTest, GivesBackWhatATaskTook) {
  const std::string file = File("task.jsonl");
  OutcomeRecord record = Record("app");
  record.kind = OutcomeRecord::Kind::kRepository;
  record.target = "https://b.example";
  record.target_repository = "prod/app";
  record.seconds = 1.25;
  record.counts.set_requests(30);
  {
    absl::StatusOr<OutcomeLog> log = OutcomeLog::Open(file);
    ASSERT_TRUE(log.ok()) << log.status();
    log->Append(record);
  }
  OutcomeRecord read;
  ASSERT_TRUE(
      ReadOutcomes(file, [&](const OutcomeRecord& one) { read = one; }).ok());
  EXPECT_EQ(read.kind, OutcomeRecord::Kind::kRepository);
  EXPECT_EQ(read.target, "https://b.example");
  EXPECT_EQ(read.target_repository, "prod/app");
  EXPECT_EQ(read.seconds, 1.25);
  EXPECT_EQ(read.counts.requests(), 30u);
  EXPECT_EQ(read.counts.bytes_copied(), 0u);
}

TEST(OutcomeLogTest, BelievesNoTimeThatCannotBe) {
  const std::string file = File("times.jsonl");
  std::ofstream(file) << R"({"type":"repository","time":1e308,"seconds":1e308})"
                      << "\n";
  OutcomeRecord read;
  read.time = 1;
  ASSERT_TRUE(
      ReadOutcomes(file, [&](const OutcomeRecord& one) { read = one; }).ok());
  EXPECT_EQ(read.time, 0);
  EXPECT_EQ(read.seconds, 0);
}

TEST(OutcomeLogTest, AppendsAcrossProcesses) {
  const std::string file = File("append.jsonl");
  Append(file, "a");
  Append(file, "b");
  EXPECT_EQ(Repositories(file), std::vector<std::string>({"a", "b"}));
}

TEST(OutcomeLogTest, ATornLineIsLeftOutAndSwallowsNothing) {
  const std::string file = File("torn.jsonl");
  Append(file, "a");
  std::ofstream(file, std::ios::app) << R"({"type":"action","repository":"to)";
  Append(file, "b");
  EXPECT_EQ(Repositories(file), std::vector<std::string>({"a", "b"}));
}

TEST(OutcomeLogTest, TakesTextThatIsNoUtf8) {
  const std::string file = File("bytes.jsonl");
  Append(file, "a\xff");
  EXPECT_EQ(Repositories(file).size(), 1u);
}

TEST(OutcomeLogTest, IsPrivate) {
  const std::string file = File("private.jsonl");
  Append(file, "a");
  struct stat info;
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(OutcomeLogTest, SaysWhereThereIsNoFile) {
  EXPECT_TRUE(absl::IsNotFound(
      ReadOutcomes(File("none"), [](const OutcomeRecord&) {})));
}

}  // namespace
}  // namespace registry_manager
