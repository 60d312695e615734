// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/words/text.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

TEST(TextTest, GroupsDigits) {
  EXPECT_EQ(Number(0), "0");
  EXPECT_EQ(Number(999), "999");
  EXPECT_EQ(Number(1000), "1,000");
  EXPECT_EQ(Number(1204), "1,204");
  EXPECT_EQ(Number(1000001), "1,000,001");
}

TEST(TextTest, CountsThings) {
  EXPECT_EQ(Plural(1, "repository", "repositories"), "1 repository");
  EXPECT_EQ(Plural(0, "repository", "repositories"), "0 repositories");
  EXPECT_EQ(Bytes(1023), "1023 B");
  EXPECT_EQ(Bytes(1536), "1.5 KiB");
  EXPECT_EQ(Bytes(uint64_t{5} << 30), "5.0 GiB");
}

TEST(TextTest, SaysHowLongSomethingTook) {
  EXPECT_EQ(DurationText(absl::Milliseconds(240)), "0.2 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(1900)), "1.9 s");
  EXPECT_EQ(DurationText(absl::Seconds(5)), "5 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(10900)), "10 s");
  EXPECT_EQ(DurationText(absl::Seconds(307)), "5 min 7 s");
  proto::RunSnapshot run;
  run.set_begun_unix(100);
  run.set_updated_unix(101);
  EXPECT_EQ(Lasted(run), absl::Seconds(1));
  run.set_begun_unix_ms(100'800);
  run.set_updated_unix_ms(101'000);
  EXPECT_EQ(Lasted(run), absl::Milliseconds(200));
}

TEST(TextTest, NamesImagesWithoutTheScheme) {
  EXPECT_EQ(ImageName("https://a.example", "app"), "a.example/app");
  EXPECT_EQ(ImageName("http://localhost:5000", ""), "localhost:5000");
  EXPECT_EQ(ImageName("oci:/data", "app"), "oci:/data/app");
}

TEST(TextTest, LetsNoControlCharacterOntoTheTerminal) {
  const std::string name = ImageName("https://a.example", "a\x1b[2J");
  EXPECT_EQ(name.find('\x1b'), std::string::npos);
}

TEST(TextTest, SaysWhenThereWasNothingToDo) {
  proto::Counts counts;
  counts.set_tags(3);
  EXPECT_EQ(CountsLine(counts), "3 tags: nothing to do");
  counts.set_deleted(2);
  counts.set_kept(1);
  EXPECT_EQ(CountsLine(counts), "3 tags: 2 deleted, 1 kept");
}

TEST(TextTest, ABatchHasNoTagsOfItsOwn) {
  proto::Counts counts;
  EXPECT_EQ(CountsLine(counts), "0 tags: nothing to do");
  counts.set_copied(32);
  EXPECT_EQ(CountsLine(counts), "32 copied");
}

proto::RunSnapshot Snapshot() {
  proto::RunSnapshot snapshot;
  snapshot.set_run("7F3K");
  snapshot.set_verb("submit");
  proto::StreamSnapshot& stream = *snapshot.add_streams();
  stream.set_policy("delete");
  stream.set_registry("https://a.example");
  stream.set_repositories(1204);
  stream.set_done(410);
  stream.set_failed(2);
  return snapshot;
}

TEST(TextTest, SaysThatThereMayBeMoreWhileTheCatalogueIsListed) {
  proto::RunSnapshot snapshot = Snapshot();
  EXPECT_EQ(ProgressLine(snapshot),
            "run 7F3K: 412 of at least 1,204 repositories, nothing done yet");
  snapshot.mutable_streams(0)->set_listed(true);
  snapshot.mutable_totals()->set_deleted(3201);
  EXPECT_EQ(ProgressLine(snapshot),
            "run 7F3K: 412 of 1,204 repositories, 3,201 deleted");
}

TEST(TextTest, SaysThatNothingIsListedYet) {
  proto::RunSnapshot snapshot = Snapshot();
  snapshot.mutable_streams(0)->clear_repositories();
  snapshot.mutable_streams(0)->clear_done();
  snapshot.mutable_streams(0)->clear_failed();
  EXPECT_EQ(ProgressLine(snapshot),
            "run 7F3K: no repository listed yet, nothing done yet");
  EXPECT_NE(Summary(snapshot).find("delete a.example: not listed yet\n"),
            std::string::npos);
  snapshot.mutable_streams(0)->set_problem("refused");
  EXPECT_NE(Summary(snapshot).find("delete a.example: not listed\n"),
            std::string::npos);
}

TEST(TextTest, OneManifestIsOne) {
  proto::Counts counts;
  counts.set_manifests_deleted(1);
  EXPECT_EQ(ActionsLine(counts), "1 manifest without a tag deleted");
}

TEST(TextTest, ASummaryNamesFailuresWithTheirReasons) {
  proto::RunSnapshot snapshot = Snapshot();
  snapshot.set_state(proto::RunSnapshot::FINISHED);
  snapshot.mutable_totals()->set_failed(2);
  for (const char* reference : {"1.0", "sha256:00"}) {
    proto::Failure& failure = *snapshot.add_failures();
    failure.set_registry("https://a.example");
    failure.set_repository("app");
    failure.set_reference(reference);
    failure.set_reason("why\n");
  }
  snapshot.set_failures_total(30);
  const std::string text = Summary(snapshot);
  EXPECT_NE(text.find("run 7F3K finished, with failures\n"), std::string::npos);
  EXPECT_NE(text.find("  a.example/app:1.0: why\\x0a\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("  a.example/app@sha256:00: why"), std::string::npos);
  EXPECT_NE(text.find("and 28 more: coordinator report 7F3K"),
            std::string::npos);
}

TEST(TextTest, FailuresStandOutWhereThereAreColors) {
  proto::RunSnapshot snapshot = Snapshot();
  snapshot.add_failures()->set_reason("why");
  EXPECT_EQ(Summary(snapshot).find('\033'), std::string::npos);
  EXPECT_NE(Summary(snapshot, true).find("\n\033[31m  : why\033[0m\n"),
            std::string::npos);
}

TEST(TextTest, OnlyARunThatIsKeptIsGoneOnWith) {
  proto::RunSnapshot snapshot = Snapshot();
  for (const auto state :
       {proto::RunSnapshot::INCOMPLETE, proto::RunSnapshot::INTERRUPTED}) {
    snapshot.set_state(state);
    snapshot.set_verb("submit");
    EXPECT_NE(Summary(snapshot).find("same command"), std::string::npos);
    snapshot.set_verb("plan");
    EXPECT_EQ(Summary(snapshot).find("same command"), std::string::npos);
  }
}

}  // namespace
}  // namespace registry_manager
