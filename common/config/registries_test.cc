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

TEST(RegistriesTest, FillsInDefaults) {
  const Config config = MustParse("registries:\n  r:\n    registry: r.io\n");
  ASSERT_EQ(config.registries.size(), 1u);
  const RegistryConfig& registry = config.registries[0];
  EXPECT_EQ(registry.name, "r");
  ASSERT_TRUE(registry.address.has_value());
  EXPECT_EQ(registry.address->str(), "https://r.io");
  EXPECT_FALSE(registry.layout.has_value());
  EXPECT_EQ(registry.username, "");
  EXPECT_EQ(registry.password, "");
  EXPECT_EQ(registry.auth_file, "");
  EXPECT_FALSE(registry.insecure);
  EXPECT_EQ(registry.ca_file, "");
  EXPECT_EQ(registry.client_cert, "");
  EXPECT_EQ(registry.client_key, "");
  EXPECT_EQ(registry.max_connections, 16);
  EXPECT_FALSE(registry.requests_per_second.has_value());
  EXPECT_FALSE(registry.repositories.has_value());
  EXPECT_FALSE(config.delete_policy.has_value());
  EXPECT_FALSE(config.sync_policy.has_value());
}

TEST(RegistriesTest, ReadsEveryKey) {
  const Config config = MustParse(R"(
registries:
  r:
    registry: http://R.io:8080/prefix/
    username: bob
    password: 12345
    insecure: yes
    repositories: [library/redis:5.0.12, library/mysql, library/mysql]
    max-connections: 1000
    requests-per-second: 0.5
    ca-file: ca.pem
    client-cert: /abs/cert.pem
    client-key: ~/key.pem
)",
                                  {{{"HOME", "/home/bob"}}, {}});
  const RegistryConfig* registry = config.FindRegistry("r");
  ASSERT_NE(registry, nullptr);
  EXPECT_EQ(registry->address->str(), "http://r.io:8080/prefix");
  EXPECT_EQ(registry->username, "bob");
  EXPECT_EQ(registry->password, "12345");
  EXPECT_TRUE(registry->insecure);
  EXPECT_THAT(*registry->repositories,
              ElementsAre(RepositoryEntry{"library/redis", "5.0.12"},
                          RepositoryEntry{"library/mysql", ""}));
  EXPECT_EQ(registry->max_connections, 1000);
  EXPECT_EQ(registry->requests_per_second, 0.5);
  EXPECT_EQ(registry->ca_file, "/etc/rm/ca.pem");
  EXPECT_EQ(registry->client_cert, "/abs/cert.pem");
  EXPECT_EQ(registry->client_key, "/home/bob/key.pem");
}

TEST(RegistriesTest, FindsRegistriesByName) {
  const Config config =
      MustParse("registries:\n  a: {registry: x.io}\n  b: {registry: y.io}\n");
  EXPECT_EQ(config.FindRegistry("b"), &config.registries[1]);
  EXPECT_EQ(config.FindRegistry("c"), nullptr);
}

TEST(RegistriesTest, TwoMayHaveOneAddress) {
  EXPECT_THAT(
      ErrorsOf("registries:\n  a: {registry: x.io}\n  b: {registry: x.io}\n"),
      IsEmpty());
}

TEST(RegistriesTest, ANullValueIsAsGoodAsAnAbsentKey) {
  const Config config = MustParse(WithKeys(
      "    username:\n    password: ~\n    insecure:\n    repositories:\n"
      "    max-connections:\n    ca-file:\n"));
  EXPECT_EQ(config.registries[0].username, "");
  EXPECT_FALSE(config.registries[0].repositories.has_value());
  EXPECT_EQ(config.registries[0].max_connections, 16);
}

TEST(RegistriesTest, ReportsAllErrorsInTheOrderOfTheFile) {
  EXPECT_THAT(
      ErrorsOf(R"(registries:
  one:
    registry: https://one.io
    max-connection: 8
    insecure: maybe
  two:
    username: bob
  two:
    registry: two.io
delete-polcy:
  start: 0
)"),
      ElementsAre(
          "4:5: unknown key 'max-connection' in registry 'one'; did you mean "
          "'max-connections'?",
          "5:15: 'insecure' is 'maybe'; write true or false",
          "7:5: registry 'two' has no 'registry'; write "
          "https://HOST[:PORT][/PREFIX] or http://HOST[:PORT][/PREFIX]",
          "7:15: 'username' has no password beside it; add 'password' or "
          "'password-file'",
          "8:3: a registry 'two' is on line 6 already; give each a name of "
          "its own",
          "10:1: unknown key 'delete-polcy' in the config; did you mean "
          "'delete-policy'?"));
}

TEST(RegistriesTest, ReportsADuplicateKey) {
  EXPECT_THAT(ErrorsOf(WithKeys("    registry: other.io\n")),
              ElementsAre("4:5: 'registry' is in registry 'r' already, on line "
                          "3; keep one of the two"));
}

TEST(RegistriesTest, NeedsRegistries) {
  const std::string form =
      "; write a mapping from a name of your own to a registry";
  EXPECT_THAT(ErrorsOf("sync-policy:\n"),
              ElementsAre("1:1: the config has no 'registries'" + form));
  EXPECT_THAT(ErrorsOf("registries:\n"),
              ElementsAre("1:1: 'registries' is empty" + form));
  EXPECT_THAT(ErrorsOf("registries: {}\n"),
              ElementsAre("1:13: 'registries' is empty" + form));
  EXPECT_THAT(ErrorsOf("registries: [a]\n"),
              ElementsAre("1:13: 'registries' is a list" + form));
  EXPECT_THAT(ErrorsOf("- registries\n"),
              ElementsAre("1:1: the config is a list; write a mapping with the "
                          "keys registries, delete-policy, sync-policy"));
  EXPECT_THAT(ErrorsOf("registries:\n  r: r.io\n"),
              ElementsAre(StartsWith("2:6: registry 'r' is a text; write a "
                                     "mapping with the keys registry, ")));
  EXPECT_THAT(ErrorsOf("registries:\n  r:\n"),
              ElementsAre(StartsWith("2:3: registry 'r' has no 'registry'; ")));
}

TEST(RegistriesTest, RefusesValuesOfTheWrongType) {
  const std::string connections = "write a whole number from 1 to 1000";
  const std::string rate =
      "write a number from 0.001 to 1000000, such as 20 or 0.5";
  const struct {
    const char* line;
    std::string error;
  } cases[] = {
      {"max-connections: 0", "4:22: 'max-connections' is '0'; " + connections},
      {"max-connections: 1001",
       "4:22: 'max-connections' is '1001'; " + connections},
      {"max-connections: -1",
       "4:22: 'max-connections' is '-1'; " + connections},
      {"max-connections: 010",
       "4:22: 'max-connections' is '010'; " + connections},
      {"max-connections: 1e2",
       "4:22: 'max-connections' is '1e2'; " + connections},
      {"max-connections: ' 8'",
       "4:22: 'max-connections' is ' 8'; " + connections},
      {"max-connections: 99999999999999999999",
       "4:22: 'max-connections' is '99999999999999999999'; " + connections},
      {"max-connections: [8]",
       "4:22: 'max-connections' is a list; " + connections},
      {"requests-per-second: 0", "4:26: 'requests-per-second' is '0'; " + rate},
      {"requests-per-second: -5",
       "4:26: 'requests-per-second' is '-5'; " + rate},
      {"requests-per-second: .inf",
       "4:26: 'requests-per-second' is '.inf'; " + rate},
      {"requests-per-second: nan",
       "4:26: 'requests-per-second' is 'nan'; " + rate},
      {"requests-per-second: ''", "4:26: 'requests-per-second' is ''; " + rate},
      {"requests-per-second: 1.2.3",
       "4:26: 'requests-per-second' is '1.2.3'; " + rate},
      {"insecure: 1", "4:15: 'insecure' is '1'; write true or false"},
      {"insecure: {}", "4:15: 'insecure' is a mapping; write true or false"},
      {"ca-file: []", "4:14: 'ca-file' is a list; write the path of a file"},
      {"ca-file: ''", "4:14: 'ca-file' is ''; write the path of a file"},
  };
  for (const auto& [line, error] : cases) {
    EXPECT_THAT(ErrorsOf(WithKeys(absl::StrCat("    ", line, "\n"))),
                ElementsAre(error));
  }
}

TEST(RegistriesTest, TakesQuotedNumbersAndBooleans) {
  const Config config =
      MustParse(WithKeys("    insecure: 'true'\n    max-connections: \"8\"\n"));
  EXPECT_TRUE(config.registries[0].insecure);
  EXPECT_EQ(config.registries[0].max_connections, 8);
}

TEST(RegistriesTest, RefusesBadAddressesWithTheirPlace) {
  EXPECT_THAT(ErrorsOf("registries:\n  r:\n    registry: ftp://x\n"),
              ElementsAre(AllOf(StartsWith("3:15: 'ftp://x' is not a registry "
                                           "address: "),
                                HasSubstr("; write https://HOST"))));
}

TEST(RegistriesTest, NeverShowsAPasswordInAnAddress) {
  for (const char* address :
       {"https://bob:hunter2@r.io", "https://bob:hunter2/x@r.io",
        "ftp://bob:hunter2@r.io"}) {
    const std::vector<std::string> errors =
        ErrorsOf(absl::StrCat("registries:\n  r:\n    registry: ", address));
    EXPECT_THAT(errors,
                ElementsAre(StartsWith("3:15: 'registry' holds an '@'")));
    EXPECT_THAT(errors[0], Not(HasSubstr("hunter2")));
  }
}

// Layouts.

TEST(RegistriesTest, ReadsFoldersThatSkopeoWrites) {
  const Config config = MustParse(
      "registries:\n  a:\n    registry: oci:/srv/images/\n"
      "  b:\n    registry: dir:/srv/a:b\n");
  EXPECT_EQ(config.registries[0].layout,
            (LayoutTarget{LayoutTarget::Kind::kOci, "/srv/images"}));
  EXPECT_FALSE(config.registries[0].address.has_value());
  EXPECT_EQ(config.registries[1].layout,
            (LayoutTarget{LayoutTarget::Kind::kDir, "/srv/a:b"}));
}

TEST(RegistriesTest, RefusesFoldersThatSkopeoCannotWrite) {
  const struct {
    const char* value;
    const char* error;
  } cases[] = {
      {"oci:images",
       "3:15: 'registry' is 'oci:images', whose path does not "
       "begin at the root; write oci:/FOLDER or dir:/FOLDER, or "
       "https:// before the address of a registry"},
      {"'dir:'",
       "3:15: 'registry' is 'dir:', whose path does not begin at the "
       "root; write oci:/FOLDER or dir:/FOLDER, or https:// before the "
       "address of a registry"},
      {"oci:/a:b",
       "3:15: 'registry' is 'oci:/a:b', whose path holds a ':', "
       "where a path ends for skopeo; write a folder without one"},
      {"docker-archive:/x.tar",
       "3:15: 'registry' is a docker-archive, which cannot hold indexes, the "
       "images of several platforms; write oci:/FOLDER"},
  };
  for (const auto& [value, error] : cases) {
    EXPECT_THAT(
        ErrorsOf(absl::StrCat("registries:\n  r:\n    registry: ", value)),
        ElementsAre(error));
  }
}

TEST(RegistriesTest, RefusesOtherKeysBesideAFolder) {
  EXPECT_THAT(ErrorsOf("registries:\n  r:\n    registry: oci:/x\n"
                       "    insecure: true\n"),
              ElementsAre("4:5: 'insecure' says nothing about a folder; keep "
                          "only 'registry' in this entry"));
}

// Repositories.

TEST(RegistriesTest, RefusesAnEmptyListOfRepositories) {
  EXPECT_THAT(ErrorsOf(WithKeys("    repositories: []\n")),
              ElementsAre("4:19: 'repositories' is an empty list; write a list "
                          "of NAME or NAME:TAG, or leave the key out for the "
                          "whole catalogue"));
}

TEST(RegistriesTest, RefusesRepositoriesThatCannotBe) {
  const std::string form =
      "; write NAME or NAME:TAG, without the registry's address";
  const std::string digest = "a@sha256:" + std::string(64, '0');
  const struct {
    std::string entry;
    std::string error;
  } cases[] = {
      {"Library/Redis",
       "5:9: an entry of 'repositories' is 'Library/Redis', which is no "
       "repository name (lower-case letters and digits, with one of . _ - / in "
       "between)" +
           form},
      {"localhost:5000/redis",
       "5:9: an entry of 'repositories' is 'localhost:5000/redis', and what "
       "follows the ':' is no tag" +
           form},
      {"'redis:'",
       "5:9: an entry of 'repositories' is 'redis:', and what "
       "follows the ':' is no tag" +
           form},
      {"../etc",
       "5:9: an entry of 'repositories' is '../etc', which is no "
       "repository name (lower-case letters and digits, with one of "
       ". _ - / in between)" +
           form},
      {digest, "5:9: an entry of 'repositories' is '" + digest +
                   "', and an image is named by its tag here, not by its "
                   "digest" +
                   form},
      {"redis: 5",
       "5:9: an entry of 'repositories' is a mapping; write "
       "NAME:TAG with nothing after the ':' but the tag"},
      {"[a]", "5:9: an entry of 'repositories' is a list" + form},
      {"", "5:7: an entry of 'repositories' is empty" + form},
  };
  for (const auto& [entry, error] : cases) {
    EXPECT_THAT(ErrorsOf(WithKeys(
                    absl::StrCat("    repositories:\n      - ", entry, "\n"))),
                ElementsAre(error));
  }
}

TEST(RegistriesTest, ARepositoryAndOneOfItsImagesMayStandTogether) {
  const Config config =
      MustParse(WithKeys("    repositories: [a, a:1, a:2, a:1, a]\n"));
  EXPECT_THAT(*config.registries[0].repositories,
              ElementsAre(RepositoryEntry{"a", ""}, RepositoryEntry{"a", "1"},
                          RepositoryEntry{"a", "2"}));
}

TEST(RegistriesTest, AFileThatCannotBeReadIsAnErrorOfTheConfig) {
  EXPECT_THAT(
      ErrorsOf(WithKeys("    ca-file: nope\n    client-cert: x.pem\n")),
      ElementsAre("4:14: 'ca-file' cannot be read (no such file); name a file "
                  "of PEM certificates or keys"));
}

TEST(RegistriesTest, SaysWhereAKeyOfAPolicyBelongs) {
  EXPECT_THAT(
      ErrorsOf("registries: {one: {registry: r.io}}\ndry-run: true\n"),
      ElementsAre("2:1: unknown key 'dry-run' in the config; it belongs "
                  "in 'delete-policy' and in 'sync-policy'"));
}

}  // namespace
}  // namespace registry_manager
