// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Holds the selection against a plain reading of its rules, on random tags.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/deletion_selection.h"

namespace registry_manager {
namespace {

using Kind = CreationTime::Kind;

// A tag and what the rules are about, written down where it is made up.
struct Made {
  bool version;
  // Of versions major, minor; of others unused.
  int major = 0, minor = 0;
  CreationTime created;
};

struct World {
  std::map<std::string, Made> tags;
  DeletionRequest request;
  // Candidates contain "d" unless they contain "x"; sem_ver adds non-versions.
  bool sem_ver;
};

World MakeWorld(std::mt19937& random) {
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  World world;
  const int count = below(25);
  const int unreadable = below(4) == 0 ? 8 : 1000;
  for (int i = 0; i < count; ++i) {
    Made made;
    std::string tag;
    const char* end = below(4) == 0 ? "x" : below(3) == 0 ? "e" : "d";
    if (below(2) == 0) {
      made.version = true;
      made.major = below(3);
      made.minor = below(12);
      // Metadata changes the name and leaves the precedence.
      tag = absl::StrCat(below(2) == 0 ? "v" : "", made.major, ".", made.minor,
                         below(2) == 0 ? ".0" : "", "+", end);
    } else {
      made.version = false;
      tag = absl::StrCat("b", below(30), end);
      const int day = below(8);
      made.created.kind = below(unreadable) == 0 ? Kind::kUnreadable
                          : day == 0             ? Kind::kNone
                                                 : Kind::kDated;
      made.created.time =
          absl::FromCivil(absl::CivilDay(day == 1 ? 1980 : 2020, 1, day + 1),
                          absl::UTCTimeZone());
    }
    world.tags.emplace(tag, made);
  }
  world.request.whole_repository = below(6) != 0;
  world.request.mix_count = below(12);
  for (const auto& [tag, made] : world.tags) {
    if (below(12) == 0) world.request.named.push_back(tag);
  }
  if (below(4) == 0) world.request.named.emplace_back("gone");
  world.sem_ver = below(2) == 0;
  world.request.undated_is_oldest = below(2) == 0;
  return world;
}

bool IsNamed(const World& world, const std::string& tag) {
  return std::count(world.request.named.begin(), world.request.named.end(),
                    tag) > 0;
}

bool IsCandidate(const World& world, const std::string& tag) {
  return world.request.whole_repository && !IsNamed(world, tag) &&
         !absl::StrContains(tag, "x") &&
         (absl::StrContains(tag, "d") ||
          (world.sem_ver && !world.tags.at(tag).version));
}

bool IsDated(const Made& made) {
  return made.created.kind == Kind::kDated &&
         made.created.time >= absl::FromUnixSeconds(946684800);
}

bool IsNewer(const World& world, const std::string& a, const std::string& b) {
  const Made &left = world.tags.at(a), &right = world.tags.at(b);
  if (left.version != right.version) return left.version;
  if (left.version) {
    if (left.major != right.major) return left.major > right.major;
    if (left.minor != right.minor) return left.minor > right.minor;
    return a > b;
  }
  if (IsDated(left) != IsDated(right)) return IsDated(left);
  if (IsDated(left) && left.created.time != right.created.time) {
    return left.created.time > right.created.time;
  }
  return a > b;
}

// Which tags go, by counting for each candidate how many are newer.
std::set<std::string> Reference(const World& world) {
  std::set<std::string> doomed;
  int versions = 0, others = 0;
  bool unreadable = false;
  for (const auto& [tag, made] : world.tags) {
    if (IsNamed(world, tag)) doomed.insert(tag);
    if (!IsCandidate(world, tag)) continue;
    ++(made.version ? versions : others);
    if (!made.version && made.created.kind == Kind::kUnreadable) {
      unreadable = true;
    }
  }
  const int stay = world.request.mix_count;
  const bool cut_among_others = versions < stay && stay < versions + others;
  for (const auto& [tag, made] : world.tags) {
    if (!IsCandidate(world, tag)) continue;
    if (!made.version && cut_among_others && unreadable) continue;
    // Stays, and takes no place.
    const auto is_apart = [&](const Made& one) {
      return cut_among_others && !unreadable && !one.version && !IsDated(one) &&
             !world.request.undated_is_oldest;
    };
    if (is_apart(made)) continue;
    int newer = 0;
    for (const auto& [other, one] : world.tags) {
      if (IsCandidate(world, other) && !is_apart(one) &&
          IsNewer(world, other, tag)) {
        ++newer;
      }
    }
    if (newer >= stay) doomed.insert(tag);
  }
  return doomed;
}

TEST(DeletionSelectionPropertyTest, EqualsAPlainReadingOfTheRules) {
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937 random(seed);
    const World world = MakeWorld(random);
    const TagRules rules = {*TagPattern::Create({"d"}, ""),
                            *TagPattern::Create({}, "x"), world.sem_ver};
    std::vector<std::string> tags;
    absl::flat_hash_map<std::string, CreationTime> created;
    for (const auto& [tag, made] : world.tags) tags.push_back(tag);
    std::shuffle(tags.begin(), tags.end(), random);
    // No more than what was asked for is known.
    for (const std::string& tag : TagsToDate(tags, rules, world.request)) {
      ASSERT_FALSE(world.tags.at(tag).version);
      created[tag] = world.tags.at(tag).created;
    }
    const DeletionSelection selection =
        SelectForDeletion(tags, rules, world.request, created);

    std::set<std::string> doomed, seen;
    for (const SelectedTag& tag : selection.tags) {
      seen.insert(tag.tag);
      if (tag.doomed) doomed.insert(tag.tag);
      EXPECT_FALSE(tag.reason.empty());
      if (absl::StrContains(tag.tag, "x")) {
        EXPECT_EQ(tag.doomed, IsNamed(world, tag.tag)) << tag.tag;
      }
    }
    ASSERT_EQ(seen.size(), world.tags.size());
    ASSERT_EQ(doomed, Reference(world));

    std::shuffle(tags.begin(), tags.end(), random);
    const DeletionSelection again =
        SelectForDeletion(tags, rules, world.request, created);
    ASSERT_EQ(again.tags.size(), selection.tags.size());
    for (size_t i = 0; i < again.tags.size(); ++i) {
      EXPECT_EQ(again.tags[i].tag, selection.tags[i].tag);
      EXPECT_EQ(again.tags[i].doomed, selection.tags[i].doomed);
      EXPECT_EQ(again.tags[i].reason, selection.tags[i].reason);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace registry_manager
