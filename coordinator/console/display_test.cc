// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "coordinator/console/terminal_text.h"

namespace registry_manager {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kBegun = absl::FromUnixSeconds(1'000'000);

class DisplayTest : public testing::Test {
 protected:
  DisplayTest() {
    snapshot_.set_run("7F3K");
    snapshot_.set_verb("submit");
    snapshot_.set_config("night.yml");
    snapshot_.set_begun_unix(absl::ToUnixSeconds(kBegun));
    snapshot_.set_workers(2);
    snapshot_.set_slots(16);
    snapshot_.set_slots_in_use(9);
    proto::StreamSnapshot& stream = *snapshot_.add_streams();
    stream.set_policy("sync");
    stream.set_registry("https://a.example");
    stream.set_target("https://b.example");
    stream.set_listed(true);
    stream.set_repositories(1000);
  }

  proto::StreamSnapshot& stream() { return *snapshot_.mutable_streams(0); }

  std::string Text(Display::Size size, absl::Duration age) {
    return absl::StrJoin(
        display_.Render(snapshot_, size, kBegun + age), "\n",
        [](std::string* out, const Display::Line& line) { *out += line.text; });
  }

  Display display_;
  proto::RunSnapshot snapshot_;
};

TEST_F(DisplayTest, SaysWhatRunsAndHowFarItIs) {
  stream().set_done(250);
  stream().mutable_counts()->set_copied(500);
  const std::string text = Text({100, 24}, absl::Seconds(90));
  EXPECT_THAT(text, HasSubstr("run 7F3K  submit night.yml  90 s  2 workers, 9 "
                              "of 16 slots busy"));
  EXPECT_THAT(text, HasSubstr("sync a.example -> b.example"));
  EXPECT_THAT(text, HasSubstr("━━━━━───────────────  250 of 1,000"));
  EXPECT_THAT(text, HasSubstr("500 copied"));
}

TEST_F(DisplayTest, TellsTheTimeLeftByTheRateOfTheLastHalfMinute) {
  stream().set_done(10);
  stream().mutable_counts()->set_copied(20);
  Text({100, 24}, absl::Seconds(0));
  // Long ago, and fast: forgotten.
  stream().set_done(400);
  stream().mutable_counts()->set_copied(800);
  Text({100, 24}, absl::Seconds(6));
  stream().set_done(500);
  stream().mutable_counts()->set_copied(1000);
  stream().mutable_counts()->set_bytes_copied(25 * 2048);
  // 100 repositories, 200 tags and 50 KiB in 25 s: 500 left at 4 a second.
  const std::string text = Text({100, 24}, absl::Seconds(31));
  EXPECT_THAT(text, HasSubstr("500 of 1,000  2 min left"));
  EXPECT_THAT(text, HasSubstr("1,000 copied, 50.0 KiB of blobs sent; 8 tags/s, "
                              "2.0 KiB/s"));
}

TEST_F(DisplayTest, TellsNoTimeByTheFirstFewRepositories) {
  stream().set_repositories(8);
  stream().mutable_counts()->set_copied(1);
  Text({100, 24}, absl::Seconds(0));
  stream().set_done(2);
  stream().mutable_counts()->set_copied(4);
  EXPECT_THAT(Text({100, 24}, absl::Seconds(20)), Not(HasSubstr("left")));
  stream().set_done(4);
  EXPECT_THAT(Text({100, 24}, absl::Seconds(4)), Not(HasSubstr("left")));
}

TEST_F(DisplayTest, TheTimeLeftIsRoundedUpAndNotToldWhereItHasPassed) {
  stream().set_repositories(102);
  stream().mutable_counts()->set_copied(1);
  Text({100, 24}, absl::Seconds(0));
  stream().set_done(100);
  EXPECT_THAT(Text({100, 24}, absl::Seconds(10)), HasSubstr("  1 s left"));
  // The last two take longer than the others did.
  EXPECT_THAT(Text({100, 24}, absl::Seconds(12)), Not(HasSubstr("left")));
}

TEST_F(DisplayTest, SaysThatNothingIsListedYet) {
  stream().set_listed(false);
  stream().set_repositories(0);
  const std::string text = Text({100, 24}, absl::Seconds(1));
  EXPECT_THAT(text, HasSubstr("not listed yet"));
  EXPECT_THAT(text, Not(HasSubstr("0 of")));
}

TEST_F(DisplayTest, SaysHowLongThereWasNoAnswerAndWhatComesOfIt) {
  proto::RegistrySnapshot& registry = *snapshot_.add_registries();
  registry.set_registry("https://b.example");
  registry.set_silent_since_unix_ms(absl::ToUnixMillis(kBegun));
  EXPECT_THAT(Text({100, 24}, absl::Seconds(12)),
              HasSubstr("0 of 1,000  target: no answer for 12 s"));
  registry.set_set_aside_at_unix_ms(
      absl::ToUnixMillis(kBegun + absl::Seconds(20)));
  EXPECT_THAT(Text({100, 24}, absl::Seconds(12)),
              HasSubstr("no answer for 12 s, set aside in 8 s"));
  EXPECT_THAT(Text({100, 24}, absl::Seconds(21)), HasSubstr("one more try"));
}

TEST_F(DisplayTest, NamesWhatTheRateHoldsBack) {
  proto::RegistrySnapshot& registry = *snapshot_.add_registries();
  registry.set_registry("https://a.example");
  registry.set_waiting_for_rate(15);
  EXPECT_THAT(
      Text({100, 24}, absl::Seconds(12)),
      HasSubstr("a.example: held back by requests-per-second: 15 requests"));
}

TEST_F(DisplayTest, TellsTargetsApartInANarrowWindow) {
  stream().set_registry("http://localhost:5601");
  stream().set_target("http://localhost:5602");
  proto::StreamSnapshot other = stream();
  other.set_target("http://localhost:5603");
  *snapshot_.add_streams() = other;
  for (const int columns : {40, 80}) {
    const std::string text = Text({columns, 24}, absl::Seconds(1));
    EXPECT_THAT(text, HasSubstr("5602 ")) << text;
    EXPECT_THAT(text, HasSubstr("5603 ")) << text;
    EXPECT_THAT(text, HasSubstr("0 of 1,000")) << text;
  }
}

TEST_F(DisplayTest, LeavesNoHoleInAWideWindow) {
  EXPECT_THAT(Text({200, 24}, absl::Seconds(1)),
              HasSubstr("sync a.example -> b.example  ──"));
}

TEST_F(DisplayTest, WhatIsUnderWayIsShownBeforeWhatWaits) {
  stream().set_repositories(0);
  stream().set_listed(false);
  for (int i = 0; i < 9; ++i) {
    proto::StreamSnapshot copy = stream();
    *snapshot_.add_streams() = copy;
  }
  proto::StreamSnapshot& last = *snapshot_.mutable_streams(9);
  last.set_registry("https://busy.example");
  last.set_repositories(5);
  last.set_done(3);
  const std::string text = Text({80, 6}, absl::Seconds(1));
  EXPECT_THAT(text, HasSubstr("busy.example"));
  EXPECT_THAT(text, HasSubstr("and 7 more"));
}

TEST_F(DisplayTest, KeepsToAsciiWhereTheTerminalKnowsNoMore) {
  stream().set_done(500);
  const std::string text = Text({100, 24, false}, absl::Seconds(1));
  EXPECT_THAT(text, HasSubstr("##########----------"));
}

TEST_F(DisplayTest, SaysThatThereAreNoWorkersYet) {
  snapshot_.set_workers(0);
  snapshot_.set_verb("plan");
  snapshot_.set_run("plan");
  const std::string text = Text({100, 24}, absl::Seconds(1));
  EXPECT_THAT(text, testing::StartsWith("plan night.yml  1 s  waiting for "
                                        "workers"));
}

TEST_F(DisplayTest, SaysNoTimeWhereTheListingHasNotEnded) {
  stream().set_listed(false);
  stream().mutable_counts()->set_copied(1);
  Text({100, 24}, absl::Seconds(1));
  stream().set_done(100);
  stream().mutable_counts()->set_copied(300);
  const std::string text = Text({100, 24}, absl::Seconds(11));
  EXPECT_THAT(text, HasSubstr("100 of at least 1,000"));
  EXPECT_THAT(text, Not(HasSubstr("left")));
  EXPECT_THAT(text, HasSubstr("29 tags/s"));
}

TEST_F(DisplayTest, NamesWhatWaitsAndForHowLong) {
  proto::RegistrySnapshot& registry = *snapshot_.add_registries();
  registry.set_registry("https://b.example");
  registry.set_parked_until_unix_ms(
      absl::ToUnixMillis(kBegun + absl::Seconds(72)));
  EXPECT_THAT(Text({100, 24}, absl::Seconds(60)),
              HasSubstr("b.example: asked to wait, goes on in 12 s"));
  EXPECT_THAT(Text({100, 24}, absl::Seconds(80)), Not(HasSubstr("wait")));
  snapshot_.set_journal_away(true);
  EXPECT_THAT(Text({100, 24}, absl::Seconds(80)),
              HasSubstr("the journal cannot be written"));
}

TEST_F(DisplayTest, ShowsTheLastFailures) {
  for (const char* tag : {"one", "two", "three", "four"}) {
    proto::Failure& failure = *snapshot_.add_failures();
    failure.set_registry("https://a.example");
    failure.set_repository("app");
    failure.set_reference(tag);
    failure.set_reason("it is so");
  }
  const std::string text = Text({100, 24}, absl::Seconds(1));
  EXPECT_THAT(text, Not(HasSubstr("app:one")));
  for (const char* tag : {"two", "three", "four"}) {
    EXPECT_THAT(text, HasSubstr(std::string("failed: a.example/app:") + tag));
  }
}

TEST_F(DisplayTest, FitsIntoEveryWindow) {
  stream().set_done(123);
  stream().mutable_counts()->set_copied(456);
  snapshot_.set_config("/etc/管理/夜.yml");
  for (int i = 0; i < 30; ++i) {
    proto::StreamSnapshot copy = stream();
    *snapshot_.add_streams() = copy;
  }
  for (const int columns : {1, 2, 10, 40, 69, 70, 80, 250}) {
    for (const int rows : {1, 2, 5, 24}) {
      const auto lines = display_.Render(snapshot_, {columns, rows},
                                         kBegun + absl::Seconds(1));
      EXPECT_LT(static_cast<int>(lines.size()), std::max(rows, 2));
      for (const Display::Line& line : lines) {
        EXPECT_LT(TerminalWidth(line.text), std::max(columns, 2)) << line.text;
      }
    }
  }
}

TEST_F(DisplayTest, AShortWindowKeepsFailuresAndWhatGoesOn) {
  stream().set_listed(true);
  stream().set_repositories(10);
  stream().set_done(10);
  for (int i = 0; i < 9; ++i) {
    proto::StreamSnapshot copy = stream();
    *snapshot_.add_streams() = copy;
  }
  proto::StreamSnapshot& last = *snapshot_.mutable_streams(9);
  last.set_registry("https://busy.example");
  last.set_done(3);
  proto::Failure& failure = *snapshot_.add_failures();
  failure.set_registry("https://a.example");
  failure.set_repository("app");
  failure.set_reason("it is so");
  // Seven lines: header, one failure, and five for ten streams.
  const std::string text = Text({100, 8}, absl::Seconds(1));
  EXPECT_THAT(text, HasSubstr("busy.example"));
  EXPECT_THAT(text, HasSubstr("and 6 more"));
  EXPECT_THAT(text, HasSubstr("failed: a.example/app"));
}

}  // namespace
}  // namespace registry_manager
