// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/config/config_testing.h"

namespace registry_manager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Repeated(absl::string_view text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&result, text);
  return result;
}

TEST(HostileInputTest, DeepNestingIsRefused) {
  for (const char* unit : {"[", "{", "- ", "? ", "a: {", "[\n"}) {
    EXPECT_THAT(ErrorsOf(Repeated(unit, 100'000)),
                ElementsAre(HasSubstr("nested more than 32 deep")))
        << unit;
  }
}

TEST(HostileInputTest, ManyAliasesOfMuchAreRefused) {
  // Each level stands for ten of the one before: 10^9 in all.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [",
                    Repeated(absl::StrCat("*a", i - 1, ", "), 10), "]\n");
  }
  EXPECT_THAT(ErrorsOf(bomb),
              ElementsAre(HasSubstr("the config has more than 500000 values")));
}

TEST(HostileInputTest, AliasesCannotNestDeeperThanBrackets) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [*a", i - 1, "]\n");
  }
  EXPECT_THAT(ErrorsOf(text),
              ElementsAre(HasSubstr("nested more than 32 deep")));
}

TEST(HostileInputTest, AnAliasInsideOfWhatItRepeatsIsRefused) {
  EXPECT_THAT(ErrorsOf("a: &a [*a]\n"),
              ElementsAre("1:8: an alias stands inside of what it repeats; "
                          "write the value out"));
}

TEST(HostileInputTest, AnErrorBehindAnAliasIsReportedOnce) {
  EXPECT_THAT(ErrorsOf("registries:\n  a: &x {registry: 'ftp://x'}\n"
                       "  b: *x\n"),
              ElementsAre(StartsWith("2:20: 'ftp://x' is not")));
}

TEST(HostileInputTest, ALargeFileIsRefused) {
  EXPECT_THAT(ErrorsOf(std::string((4 << 20) + 1, '#')),
              ElementsAre("1:1: the config is larger than 4 MiB; is it the "
                          "right file?"));
}

TEST(HostileInputTest, ManyErrorsAreCutShort) {
  const std::string text = absl::StrCat("registries:\n  r: {registry: r.io}\n",
                                        "delete-policy:\n  registries: [",
                                        Repeated("nobody, ", 100'000), "]\n");
  const auto config = ParseText(text);
  ASSERT_FALSE(config.ok());
  const std::string message(config.status().message());
  EXPECT_LT(message.size(), 200'000u);
  EXPECT_THAT(message, HasSubstr("\n/etc/rm/config.yml: 99000 more errors; "
                                 "mend the ones above first"));
}

TEST(HostileInputTest, ManyUnknownKeysAreCutShort) {
  std::string text = "registries:\n  r: {registry: r.io}\n";
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&text, "key", i, ": x\n");
  const auto config = ParseText(text);
  ASSERT_FALSE(config.ok());
  EXPECT_LT(config.status().message().size(), 200'000u);
}

TEST(HostileInputTest, ALongNameIsCutInMessages) {
  const auto errors =
      ErrorsOf(absl::StrCat("registries:\n  r: {registry: r.io}\n",
                            std::string(1 << 20, 'k'), ": 1"));
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_LT(errors[0].size(), 400u);
}

TEST(HostileInputTest, ManyRepositoriesAreFine) {
  std::string text =
      "registries:\n  r:\n    registry: r.io\n"
      "    repositories:\n";
  for (int i = 0; i < 50'000; ++i) {
    absl::StrAppend(&text, "      - team", i % 100, "/service-number-", i,
                    "\n");
  }
  EXPECT_THAT(*MustParse(text).registries[0].repositories, SizeIs(50'000));
}

}  // namespace
}  // namespace registry_manager
