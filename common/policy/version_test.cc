// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/policy/version.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace registry_manager {
namespace {

TEST(VersionTest, AcceptsTheGrammar) {
  for (const char* text : {
           "0",
           "1",
           "01.002",
           "v1",
           "V1.2.3",
           "1.2.3.4.5.6",
           "1.0-alpha",
           "1.0-alpha.1",
           "1.0-1",
           "1.0-0.x-y.~",
           "1.0alpha",
           "1.0alpha.1.b",
           "1.0~rc1",
           "1.0-",    // The identifier is "-".
           "1.0--",   // The identifier is "-".
           "1.0--a",  // The identifier is "-a".
           "1.0-.a",  // The identifiers are "-" and "a".
           "1.0-~",
           "1+build",
           "1.0-rc.1+build.5~x-",
           "1.0alpha+1",
           "2018-11-05",  // 2018, prerelease 11-05
           "8f3a9c1b",    // 8, prerelease f3a9c1b
           "20190102030405",
           "1-2.3",
           "5.0.12-alpine3.9",
           "0-",
       }) {
    EXPECT_TRUE(Version::Parse(text).has_value()) << text;
  }
}

TEST(VersionTest, RefusesEverythingElse) {
  for (const char* text : {
           "",         "v",        "V",      "vv1",         "latest",
           "master",   "v.1",      ".1",     "1.",          "1..2",
           "1.a",      "1.2.",     "1.2.-a", "1_0",         "1.0_a",
           "1.0-a_b",  "1.0-a..b", "1.0-a.", "1.0a.",       "1.0a..b",
           "1.0-..a",  "1+",       "1++",    "1+a+b",       "1+a..b",
           "1+.a",     "1.0-a+",   "+1",     "-1",          " 1",
           "1 ",       "1\n",      "f8a9",   "release-1.0",
           "\xD9\xA1",  // ARABIC-INDIC DIGIT ONE
       }) {
    EXPECT_FALSE(Version::Parse(text).has_value()) << text;
  }
}

TEST(VersionTest, OrdersByPrecedence) {
  // Each line is less than the next; those of one line are equivalent.
  const std::vector<std::vector<std::string>> ascending = {
      {"0-a"},
      {"0", "0.0", "v0.0.0", "V000"},
      {"0.0.1"},
      {"1.0-0", "1-00", "v1.0.0-0+x"},
      {"1.0-2"},
      {"1.0-11", "1-011"},
      {"1.0-99999999999999999999999999999999"},
      // Numeric before others; others by their bytes: "-" < "1…" < "A" < "a".
      {"1.0-", "1.0--"},
      {"1.0--a"},
      {"1.0-11-05"},
      {"1.0-1a"},
      {"1.0-RC"},
      {"1.0-alpha", "1alpha", "1.0.0alpha+5"},
      {"1.0-alpha.1", "1alpha.01"},
      {"1.0-alpha.1.0"},
      {"1.0-alpha.beta"},
      {"1.0-beta"},
      {"1.0-beta.2"},
      {"1.0-beta.11"},
      {"1.0-rc.1"},
      {"1.0-~"},
      {"1", "1.0", "v1.0.0", "1.0.0+meta", "01"},
      {"1.0.0.1"},
      {"1.2"},
      {"1.10"},
      {"8f3a9c1b"},
      {"8"},
      {"2018-11-05"},
      {"2018"},
      {"18446744073709551616"},                             // 2^64
      {"18446744073709551617", "v18446744073709551617.0"},  // 2^64 + 1
      {"100000000000000000000000000000000000000000"},
  };
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      for (const std::string& a : ascending[i]) {
        for (const std::string& b : ascending[j]) {
          const std::optional<Version> left = Version::Parse(a);
          const std::optional<Version> right = Version::Parse(b);
          ASSERT_TRUE(left.has_value()) << a;
          ASSERT_TRUE(right.has_value()) << b;
          EXPECT_TRUE((*left <=> *right) == (i <=> j)) << a << " and " << b;
          EXPECT_EQ(*left == *right, i == j) << a << " and " << b;
        }
      }
    }
  }
}

TEST(VersionTest, ReadsVersionsOfAnyLength) {
  const std::string digits(1000000, '9');
  std::string numbers = "1", identifiers = "1-a";
  for (int i = 0; i < 100000; ++i) {
    numbers += ".7";
    identifiers += ".b";
  }
  ASSERT_TRUE(Version::Parse(digits).has_value());
  EXPECT_TRUE(*Version::Parse(digits) < *Version::Parse("1" + digits));
  EXPECT_TRUE(*Version::Parse(numbers) < *Version::Parse(numbers + ".1"));
  EXPECT_TRUE(*Version::Parse(identifiers) <
              *Version::Parse(identifiers + ".0"));
  EXPECT_FALSE(Version::Parse(identifiers + ".").has_value());
  EXPECT_FALSE(Version::Parse("1" + std::string(1000000, '-') + "_"));
}

}  // namespace
}  // namespace registry_manager
