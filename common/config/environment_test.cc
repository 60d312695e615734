// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/config/config_testing.h"

namespace registry_manager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(EnvironmentTest, FillsInVariablesUnderRegistries) {
  const FakeWorld world = {{{"HOST", "r.io"},
                            {"PW", "$PW ${HOST}: \"#\" [x"},
                            {"YES", "yes"},
                            {"N", "7"},
                            {"REPO", "library/redis"},
                            {"_a1", "u"}},
                           {}};
  const Config config = MustParse(R"(
registries:
  r:
    registry: https://${HOST}:5000/${HOST}
    username: ${_a1}ser
    password: "${PW}"
    insecure: ${YES}
    max-connections: "${N}"
    repositories:
      - ${REPO}:5
)",
                                  world);
  const RegistryConfig& registry = config.registries[0];
  EXPECT_EQ(registry.address->str(), "https://r.io:5000/r.io");
  EXPECT_EQ(registry.username, "user");
  // A value is text, whatever it holds: no YAML, and no variables.
  EXPECT_EQ(registry.password, "$PW ${HOST}: \"#\" [x");
  EXPECT_TRUE(registry.insecure);
  EXPECT_EQ(registry.max_connections, 7);
  EXPECT_THAT(*registry.repositories,
              ElementsAre(RepositoryEntry{"library/redis", "5"}));
}

TEST(EnvironmentTest, LeavesOtherDollarSignsAlone) {
  const struct {
    const char* written;
    const char* password;
  } cases[] = {{"$", "$"},
               {"a$b", "a$b"},
               {"$$", "$$"},
               {"$PW", "$PW"},
               {"$$PW", "$$PW"},
               {"$${PW}", "${PW}"},
               {"$$${PW}", "$${PW}"},
               {"$(PW)", "$(PW)"},
               {"x${PW}", "xy"},
               {"${PW}${PW}", "yy"},
               {"$${${PW}", "${y"}};
  for (const auto& [written, password] : cases) {
    const std::string text = WithKeys(
        absl::StrCat("    username: bob\n    password: '", written, "'\n"));
    EXPECT_EQ(MustParse(text, {{{"PW", "y"}}, {}}).registries[0].password,
              password)
        << written;
  }
}

TEST(EnvironmentTest, NamesEveryUnsetVariable) {
  EXPECT_THAT(
      ErrorsOf(WithKeys("    username: ${WHO}\n    password: a${PW1}${PW2}\n")),
      ElementsAre("4:15: the environment variable WHO is not set; set it, or "
                  "write '$${' for a plain '${'",
                  "5:15: the environment variable PW1 is not set; set it, or "
                  "write '$${' for a plain '${'",
                  "5:15: the environment variable PW2 is not set; set it, or "
                  "write '$${' for a plain '${'"));
}

TEST(EnvironmentTest, MakesNoOtherErrorsOfAnUnsetVariable) {
  EXPECT_THAT(ErrorsOf("registries:\n  r:\n    registry: http://${HOST}\n"
                       "    insecure: ${X}\n    repositories: ['${X}']\n"
                       "    username: bob\n    password-file: ${X}\n"),
              ElementsAre(StartsWith("3:15: the environment variable HOST is"),
                          StartsWith("4:15: the environment variable X is"),
                          StartsWith("5:20: the environment variable X is"),
                          StartsWith("7:20: the environment variable X is")));
}

TEST(EnvironmentTest, RefusesAnOpeningThatBeginsNoVariable) {
  for (const char* value : {"${", "${}", "${A-B}", "${1}", "${A", "${ A }"}) {
    EXPECT_THAT(
        ErrorsOf(WithKeys(absl::StrCat("    ca-file: '", value, "'\n")),
                 {{{"A", "x"}}, {}}),
        ElementsAre("4:14: a '${' begins no '${NAME}' of an environment "
                    "variable; close it, or write '$${' for a plain '${'"))
        << value;
  }
}

TEST(EnvironmentTest, NeverShowsAValue) {
  const FakeWorld world = {{{"SECRET", "HUNTER2!"}}, {}};
  for (const char* key : {"insecure", "max-connections", "requests-per-second",
                          "repositories", "registry", "password-file"}) {
    const std::vector<std::string> errors = ErrorsOf(
        absl::StrCat("registries:\n  r:\n    ", key, ": ${SECRET}\n"), world);
    EXPECT_THAT(errors, Not(IsEmpty()));
    for (const std::string& error : errors) {
      EXPECT_THAT(error, Not(HasSubstr("HUNTER2"))) << key;
    }
  }
  EXPECT_THAT(
      ErrorsOf("registries:\n  r:\n    registry: https://${SECRET}\n", world),
      ElementsAre("3:15: 'https://${SECRET}' stands for what is not a registry "
                  "address; write https://HOST[:PORT][/PREFIX] or "
                  "http://HOST[:PORT][/PREFIX]"));
  EXPECT_THAT(ErrorsOf(WithKeys("    repositories: ['${SECRET}']\n"), world),
              ElementsAre(StartsWith(
                  "4:20: an entry of 'repositories' is '${SECRET}', which")));
}

TEST(EnvironmentTest, IsNotLookedAtElsewhere) {
  const Config config =
      MustParse(absl::StrCat(WithKeys(""),
                             "delete-policy:\n  registries: [r]\n  tags:\n"
                             "    include: {regex: 'a${UNSET}'}\n"));
  EXPECT_EQ(config.delete_policy->include.regex, "a${UNSET}");
}

TEST(EnvironmentTest, DoesNotReachThroughAnAlias) {
  // The anchor stands outside `registries`, the alias inside of it.
  const Config config = MustParse(
      "delete-policy:\n  registries: [r]\n  tags:\n"
      "    include: {regex: &x 'a${PW}'}\n"
      "registries:\n  r:\n    registry: r.io\n    username: bob\n"
      "    password: *x\n",
      {{{"PW", "y"}}, {}});
  EXPECT_EQ(config.delete_policy->include.regex, "a${PW}");
  EXPECT_EQ(config.registries[0].password, "ay");
}

TEST(EnvironmentTest, NeedsAHomeForATilde) {
  EXPECT_THAT(ErrorsOf(WithKeys("    ca-file: ~/ca.pem\n")),
              ElementsAre("4:14: 'ca-file' is '~/ca.pem', and the environment "
                          "variable HOME is not set; set it, or write the "
                          "whole path"));
}

}  // namespace
}  // namespace registry_manager
