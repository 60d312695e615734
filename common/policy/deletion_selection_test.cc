// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/deletion_selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

using Tags = std::vector<std::string>;
using Dates = absl::flat_hash_map<std::string, CreationTime>;
using Kind = CreationTime::Kind;

TagRules Rules(const Tags& include, const std::string& exclude = "",
               bool sem_ver = false) {
  return {*TagPattern::Create(include, ""), *TagPattern::Create({}, exclude),
          sem_ver};
}

// Whatever is not excluded is a candidate.
TagRules Everything(const std::string& exclude = "") {
  return {*TagPattern::Create({}, "."), *TagPattern::Create({}, exclude),
          false};
}

CreationTime Day(int day) {
  return {Kind::kDated,
          absl::FromCivil(absl::CivilDay(2020, 1, day), absl::UTCTimeZone())};
}

Tags Doomed(const DeletionSelection& selection) {
  Tags doomed;
  for (const SelectedTag& tag : selection.tags) {
    if (tag.doomed) doomed.push_back(tag.tag);
  }
  return doomed;
}

std::map<std::string, std::string> Reasons(const DeletionSelection& selection) {
  std::map<std::string, std::string> reasons;
  for (const SelectedTag& tag : selection.tags) reasons[tag.tag] = tag.reason;
  return reasons;
}

TEST(SelectForDeletionTest, KeepsTheNewestVersions) {
  const Tags tags = {"1.9", "1.10", "2.0-rc", "2.0", "1.0"};
  EXPECT_EQ(
      Doomed(SelectForDeletion(tags, Everything(), {true, {}, 2}, Dates())),
      Tags({"1.0", "1.10", "1.9"}));
  EXPECT_EQ(
      Doomed(SelectForDeletion(tags, Everything(), {true, {}, 5}, Dates())),
      Tags());
  EXPECT_EQ(
      Doomed(SelectForDeletion(tags, Everything(), {true, {}, 0}, Dates())),
      Tags({"1.0", "1.10", "1.9", "2.0", "2.0-rc"}));
  EXPECT_EQ(
      Doomed(SelectForDeletion(tags, Everything(), {true, {}, -1}, Dates()))
          .size(),
      5u);
}

TEST(SelectForDeletionTest, AmongEqualVersionsTheNameThatSortsLastIsNewer) {
  // Newest first: v1.0.0, 1.0.0+x, 1.0.0, 1.0.
  EXPECT_EQ(Doomed(SelectForDeletion({"1.0", "v1.0.0", "1.0.0", "1.0.0+x"},
                                     Everything(), {true, {}, 2}, Dates())),
            Tags({"1.0", "1.0.0"}));
}

TEST(SelectForDeletionTest, OnlyCandidatesTakePlaces) {
  // 9.0 is excluded: 2.0 and 1.0 are the newest two candidates.
  EXPECT_EQ(Doomed(SelectForDeletion({"9.0", "2.0", "1.0", "0.1"},
                                     Everything("^9"), {true, {}, 2}, Dates())),
            Tags({"0.1"}));
}

TEST(SelectForDeletionTest, OrdersNonVersionsByCreationTimeThenName) {
  const Tags tags = {"a", "b", "c", "d", "e", "f"};
  const Dates dates = {{"a", Day(9)}, {"b", Day(3)}, {"c", Day(3)},
                       {"d", {}},     {"e", {}},     {"f", Day(1)}};
  // Newest first: a, c, b, f, e, d.
  const std::vector<Tags> doomed = {
      {"a", "b", "c", "d", "e", "f"},
      {"b", "c", "d", "e", "f"},
      {"b", "d", "e", "f"},
      {"d", "e", "f"},
      {"d", "e"},
      {"d"},
      {},
  };
  for (int places = 0; places <= 6; ++places) {
    EXPECT_EQ(Doomed(SelectForDeletion(tags, Everything(),
                                       {true, {}, places, true}, dates)),
              doomed[places])
        << places;
  }
}

TEST(SelectForDeletionTest, ADateBefore2000CountsAsNone) {
  const absl::Time y2k =
      absl::FromCivil(absl::CivilSecond(2000, 1, 1), absl::UTCTimeZone());
  const Dates dates = {{"a", {Kind::kDated, y2k}},
                       {"b", {Kind::kDated, y2k - absl::Seconds(1)}},
                       {"c", {Kind::kDated, absl::UnixEpoch()}},
                       {"d", {}}};
  // Newest first: a, then by name d, c, b.
  EXPECT_EQ(Doomed(SelectForDeletion({"a", "b", "c", "d"}, Everything(),
                                     {true, {}, 2, true}, dates)),
            Tags({"b", "c"}));
  const DeletionSelection kept = SelectForDeletion(
      {"a", "b", "c", "d"}, Everything(), {true, {}, 2}, dates);
  EXPECT_EQ(Doomed(kept), Tags());
  EXPECT_EQ(kept.undated, Tags({"b", "c", "d"}));
}

TEST(SelectForDeletionTest, WhatBearsNoDateStaysAndTakesNoPlace) {
  Dates dates;
  Tags tags = {"named", "x-excluded"};
  for (int day = 1; day <= 5; ++day) {
    dates[tags.emplace_back(absl::StrCat("feature-", day))] = {Kind::kNone, {}};
    dates[tags.emplace_back(absl::StrCat("hotfix-", day))] = Day(day);
  }
  dates["named"] = {Kind::kNone, {}};
  DeletionSelection selection =
      SelectForDeletion(tags, Everything("^x"), {true, {"named"}, 3}, dates);
  EXPECT_EQ(Doomed(selection), Tags({"hotfix-1", "hotfix-2", "named"}));
  EXPECT_EQ(selection.undated, Tags({"feature-1", "feature-2", "feature-3",
                                     "feature-4", "feature-5"}));
  EXPECT_EQ(Reasons(selection)["feature-2"],
            "matches /./; stays: its image bears no date (undated: keep)");
  EXPECT_EQ(Reasons(selection)["hotfix-2"],
            "matches /./; 4th newest of 5 candidates");
  // As the oldest they go first.
  selection = SelectForDeletion(tags, Everything("^x"),
                                {true, {"named"}, 3, true}, dates);
  EXPECT_EQ(Doomed(selection),
            Tags({"feature-1", "feature-2", "feature-3", "feature-4",
                  "feature-5", "hotfix-1", "hotfix-2", "named"}));
  EXPECT_EQ(selection.undated, Tags());
}

TEST(SelectForDeletionTest, ADateIsNotMissedIfItDecidesNothing) {
  const Dates dates = {{"a", {Kind::kNone, {}}}, {"b", Day(1)}};
  EXPECT_EQ(
      Doomed(SelectForDeletion({"a", "b"}, Everything(), {true, {}, 0}, dates)),
      Tags({"a", "b"}));
  // Beside a date that cannot be read, none of them goes.
  const DeletionSelection selection =
      SelectForDeletion({"a", "b", "c"}, Everything(), {true, {}, 1}, dates);
  EXPECT_EQ(Doomed(selection), Tags());
  EXPECT_EQ(selection.unreadable, Tags({"c"}));
  EXPECT_EQ(selection.undated, Tags());
}

TEST(SelectForDeletionTest, VersionsAreNewerThanAnyNonVersion) {
  const Dates dates = {{"a", Day(9)}, {"b", Day(8)}};
  // Newest first: 2.0, 1.0, a, b.
  EXPECT_EQ(Doomed(SelectForDeletion({"a", "b", "1.0", "2.0"}, Everything(),
                                     {true, {}, 3}, dates)),
            Tags({"b"}));
}

TEST(TagsToDateTest, AsksOnlyWhereTheCutFallsAmongNonVersions) {
  const Tags tags = {"b", "a", "1.0", "2.0", "c", "x-excluded", "a", "named"};
  struct Case {
    int places;
    Tags to_date;
  };
  for (const Case& c : std::vector<Case>{
           {0, {}},               // All go.
           {1, {}},               // Among versions.
           {2, {}},               // Between versions and non-versions.
           {3, {"a", "b", "c"}},  // Among non-versions.
           {4, {"a", "b", "c"}},
           {5, {}},  // All stay.
           {6, {}},
       }) {
    EXPECT_EQ(TagsToDate(tags, Everything("^x"), {true, {"named"}, c.places}),
              c.to_date)
        << c.places;
  }
  EXPECT_EQ(TagsToDate(tags, Everything(), {false, {"named"}, 3}), Tags());
}

TEST(SelectForDeletionTest, NeedsNoDatesWhereTheCutIsNotAmongNonVersions) {
  EXPECT_EQ(Doomed(SelectForDeletion({"a", "b", "1.0", "2.0"}, Everything(),
                                     {true, {}, 2}, Dates())),
            Tags({"a", "b"}));
  EXPECT_EQ(Doomed(SelectForDeletion({"a", "b", "1.0", "2.0"}, Everything(),
                                     {true, {}, 1}, Dates())),
            Tags({"1.0", "a", "b"}));
}

TEST(SelectForDeletionTest, AnUnreadableDateSparesEveryNonVersion) {
  const Tags tags = {"a", "b", "c", "named", "1.0"};
  const DeletionRequest request = {true, {"named"}, 2};
  Dates dates = {{"a", Day(1)}, {"b", {Kind::kUnreadable, {}}}};  // No "c".
  const DeletionSelection selection =
      SelectForDeletion(tags, Everything(), request, dates);
  EXPECT_EQ(Doomed(selection), Tags({"named"}));
  EXPECT_EQ(selection.unreadable, Tags({"b", "c"}));
  EXPECT_EQ(Reasons(selection)["a"],
            "matches /./; stays: the creation time of b could not be read");
  EXPECT_EQ(Reasons(selection)["1.0"],
            "matches /./; 1st newest of 4 candidates, 2 stay");
  dates["b"] = Day(2);
  dates["c"] = Day(3);
  EXPECT_EQ(Doomed(SelectForDeletion(tags, Everything(), request, dates)),
            Tags({"a", "b", "named"}));
}

TEST(SelectForDeletionTest, AnUnreadableDateOfNoCandidateDoesNotMatter) {
  const Dates dates = {{"a", Day(1)},
                       {"b", Day(2)},
                       {"x", {Kind::kUnreadable, {}}},
                       {"named", {Kind::kUnreadable, {}}},
                       {"1.0", {Kind::kUnreadable, {}}}};
  const DeletionSelection selection =
      SelectForDeletion({"a", "b", "x", "named", "1.0"}, Everything("^x"),
                        {true, {"named"}, 2}, dates);
  EXPECT_EQ(Doomed(selection), Tags({"a", "named"}));
  EXPECT_EQ(selection.unreadable, Tags());
}

TEST(SelectForDeletionTest, NamedTagsGoWhateverTheRulesSayAndTakeNoPlaces) {
  const DeletionSelection selection = SelectForDeletion(
      {"latest", "4.0", "3.0", "2.0", "1.0"}, Everything("latest"),
      {true, {"latest", "4.0", "gone", "4.0", "a-gone", "gone"}, 2}, Dates());
  EXPECT_EQ(Doomed(selection), Tags({"1.0", "4.0", "latest"}));
  EXPECT_EQ(selection.named_but_absent, Tags({"a-gone", "gone"}));
  EXPECT_EQ(Reasons(selection)["latest"], "named in the config");
  EXPECT_EQ(Reasons(selection)["3.0"],
            "matches /./; 1st newest of 3 candidates, 2 stay");
}

TEST(SelectForDeletionTest, OnlyNamedTagsGoWhereTheRepositoryIsNotListed) {
  const DeletionSelection selection = SelectForDeletion(
      {"2.0", "1.0", "a"}, Everything(), {false, {"1.0"}, 0}, Dates());
  EXPECT_EQ(Doomed(selection), Tags({"1.0"}));
  EXPECT_EQ(Reasons(selection)["a"], "not named in the config");
}

TEST(SelectForDeletionTest, SignatureLikeTagsAreNotJudged) {
  const std::string hex(64, '0');
  const Tags tags = {"sha256-" + hex, "sha256-" + hex + ".sig",
                     "sha256-" + hex + "0", "b"};
  const DeletionSelection selection = SelectForDeletion(
      tags, Everything(), {true, {"sha256-" + hex}, 0}, Dates());
  EXPECT_EQ(Doomed(selection),
            Tags({"b", "sha256-" + hex, "sha256-" + hex + "0"}));
  EXPECT_EQ(TagsToDate(tags, Everything(), {true, {}, 1}),
            Tags({"b", "sha256-" + hex + "0"}));
}

TEST(SelectForDeletionTest, GivesOneLineForEveryTagInTheOrderOfNames) {
  const DeletionSelection selection = SelectForDeletion(
      {"b", "a", "b", "c"}, Rules({"b"}), {true, {}, 0}, Dates());
  ASSERT_EQ(selection.tags.size(), 3u);
  EXPECT_EQ(selection.tags[0].tag, "a");
  EXPECT_EQ(selection.tags[0].reason, "not included");
  EXPECT_EQ(selection.tags[1].tag, "b");
  EXPECT_EQ(selection.tags[2].tag, "c");
}

TEST(SelectForDeletionTest, RanksCandidatesAlone) {
  const DeletionSelection selection = SelectForDeletion(
      {"b-1.0", "b-1.2", "c", "b-1.1", "named"}, Rules({"b"}),
      {true, {"named"}, 1},
      {{"b-1.0", Day(1)}, {"b-1.1", Day(2)}, {"b-1.2", Day(3)}});
  std::map<std::string, size_t> ranks;
  for (const SelectedTag& tag : selection.tags) ranks[tag.tag] = tag.rank;
  const std::map<std::string, size_t> expected = {
      {"b-1.0", 3}, {"b-1.1", 2}, {"b-1.2", 1}, {"c", 0}, {"named", 0}};
  EXPECT_EQ(ranks, expected);
}

TEST(SelectForDeletionTest, SaysWhichPlaceATagHas) {
  Tags tags;
  Dates dates;
  for (int day = 1; day <= 23; ++day) {
    tags.push_back(absl::StrCat("develop-", day));
    dates[tags.back()] = Day(day);
  }
  std::map<std::string, std::string> reasons = Reasons(
      SelectForDeletion(tags, Rules({"develop"}), {true, {}, 10}, dates));
  const std::vector<std::pair<int, std::string>> places = {
      {23, "1st newest of 23 candidates, 10 stay"},
      {22, "2nd newest of 23 candidates, 10 stay"},
      {21, "3rd newest of 23 candidates, 10 stay"},
      {20, "4th newest of 23 candidates, 10 stay"},
      {14, "10th newest of 23 candidates, 10 stay"},
      {13, "11th newest of 23 candidates"},
      {12, "12th newest of 23 candidates"},
      {11, "13th newest of 23 candidates"},
      {10, "14th newest of 23 candidates"},
      {3, "21st newest of 23 candidates"},
      {2, "22nd newest of 23 candidates"},
      {1, "23rd newest of 23 candidates"},
  };
  for (const auto& [day, place] : places) {
    EXPECT_EQ(reasons[absl::StrCat("develop-", day)],
              absl::StrCat("contains \"develop\"; ", place));
  }
}

TEST(SelectForDeletionTest, CountsInEnglishBeyondAHundred) {
  Tags tags;
  for (int minor = 1; minor <= 124; ++minor) {
    tags.push_back(absl::StrCat("1.", minor));
  }
  std::map<std::string, std::string> reasons =
      Reasons(SelectForDeletion(tags, Everything(), {true, {}, 10}, Dates()));
  // 1.(125 - n) is the n-th newest.
  const std::vector<std::pair<int, std::string>> ordinals = {
      {100, "100th"}, {101, "101st"}, {111, "111th"}, {112, "112th"},
      {113, "113th"}, {121, "121st"}, {122, "122nd"}, {123, "123rd"}};
  for (const auto& [rank, ordinal] : ordinals) {
    EXPECT_EQ(
        reasons[absl::StrCat("1.", 125 - rank)],
        absl::StrCat("matches /./; ", ordinal, " newest of 124 candidates"));
  }
}

TEST(SelectForDeletionTest, SaysOnlyWhatIsKnownOfUndatedTags) {
  std::map<std::string, std::string> reasons = Reasons(SelectForDeletion(
      {"a", "b", "1.0", "2.0"}, Everything(), {true, {}, 2}, Dates()));
  EXPECT_EQ(reasons["a"],
            "matches /./; older than all 2 versions among 4 candidates, 2 "
            "stay");
  EXPECT_EQ(reasons["1.0"], "matches /./; 2nd newest of 4 candidates, 2 stay");

  reasons = Reasons(
      SelectForDeletion({"a", "b"}, Everything(), {true, {}, 10}, Dates()));
  EXPECT_EQ(reasons["a"], "matches /./; one of 2 candidates, 10 stay");
  reasons = Reasons(
      SelectForDeletion({"a", "b"}, Everything(), {true, {}, 0}, Dates()));
  EXPECT_EQ(reasons["a"], "matches /./; one of 2 candidates, 0 stay");
  // A single non-version is older than all versions.
  reasons = Reasons(
      SelectForDeletion({"a", "1.0"}, Everything(), {true, {}, 1}, Dates()));
  EXPECT_EQ(reasons["a"], "matches /./; 2nd newest of 2 candidates");
  reasons =
      Reasons(SelectForDeletion({"a"}, Everything(), {true, {}, 1}, Dates()));
  EXPECT_EQ(reasons["a"], "matches /./; 1st newest of 1 candidate, 1 stay");
}

std::vector<std::string> WarningsFor(const Tags& tags, int mix_count) {
  return SelectForDeletion(tags, Everything(), {true, {}, mix_count}, Dates())
      .warnings;
}

TEST(SelectForDeletionTest, WarnsOfVersionsAmongOtherNames) {
  EXPECT_EQ(WarningsFor({"1.0", "2.0", "main"}, 1),
            std::vector<std::string>(
                {"3 candidates mix 2 versions and 1 other names; every version "
                 "counts as newer than every other name"}));
}

TEST(SelectForDeletionTest, WarnsOfHashesThatAreVersionsByTheirFirstDigit) {
  EXPECT_EQ(
      WarningsFor({"8f3a9c1b", "1.0", "20181105"}, 1),
      std::vector<std::string>(
          {"1 candidate looks like a commit's hash and counts as a version "
           "(8f3a9c1b), whose order says nothing of age; think of excluding "
           "them"}));
}

TEST(SelectForDeletionTest, WarnsOfNothingWhereAllStayOrAllAreOfAKind) {
  EXPECT_TRUE(WarningsFor({"1.0", "main"}, 2).empty());
  EXPECT_TRUE(WarningsFor({"1.0", "2.0", "3.0"}, 1).empty());
  EXPECT_TRUE(WarningsFor({"main", "topic"}, 0).empty());
}

}  // namespace
}  // namespace registry_manager
