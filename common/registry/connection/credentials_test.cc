// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/credentials.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"

namespace registry_manager {
namespace {

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() : folder_(testing::TempDir() + "/credentials-XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    for (const char* name : {"REGISTRY_AUTH_FILE", "DOCKER_AUTH_CONFIG",
                             "DOCKER_CONFIG", "XDG_CONFIG_HOME"}) {
      unsetenv(name);
    }
    setenv("HOME", (folder_ + "/home").c_str(), 1);
    setenv("XDG_RUNTIME_DIR", (folder_ + "/run").c_str(), 1);
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string file = folder_ + "/" + name;
    std::ofstream(file) << text;
    return file;
  }
  absl::StatusOr<RegistryCredentials> LookUp(const std::string& config,
                                             const std::string& address) {
    return LookUpCredentials(Write("config.json", config),
                             *Address::Parse(address));
  }
  void WriteAt(const std::string& folder, const std::string& name,
               const std::string& text) {
    std::filesystem::create_directories(folder_ + "/" + folder);
    Write(folder + "/" + name, text);
  }
  void WriteProgram(const std::string& name, const std::string& script) {
    const std::string file = Write(absl::StrCat("docker-credential-", name),
                                   absl::StrCat("#!/bin/sh\n", script, "\n"));
    chmod(file.c_str(), 0755);
    setenv("PATH", absl::StrCat(folder_, ":", getenv("PATH")).c_str(), 1);
  }
  // A helper that answers `answer` for `server`, and docker's refusal for any
  // other.
  void WriteHelper(const std::string& name, const std::string& server,
                   const std::string& answer) {
    const std::string file = Write(
        absl::StrCat("docker-credential-", name),
        absl::StrCat("#!/bin/sh\nread server\nif [ \"$server\" = '", server,
                     "' ]; then echo '", answer,
                     "'; else echo credentials not found in native keychain; "
                     "exit 1; fi\n"));
    chmod(file.c_str(), 0755);
    setenv("PATH", absl::StrCat(folder_, ":", getenv("PATH")).c_str(), 1);
  }

  std::string folder_;
};

std::string Auth(const std::string& text) {
  return absl::StrCat(R"({"auth":")", absl::Base64Escape(text), R"("})");
}

TEST_F(CredentialsTest, ReadsAuths) {
  const std::string config =
      absl::StrCat(R"({"auths":{"reg.example:5000":)", Auth("user:pa:ss"),
                   R"(,"other":{}}})");
  const auto found = LookUp(config, "https://reg.example:5000");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->whole.username, "user");
  EXPECT_EQ(found->whole.password, "pa:ss");
  EXPECT_TRUE(LookUp(config, "https://reg.example")->anonymous());
}

TEST_F(CredentialsTest, KnowsDockerHubByItsOldKey) {
  const std::string config = absl::StrCat(
      R"({"auths":{"https://index.docker.io/v1/":)", Auth("hub:secret"), "}}");
  for (const char* name : {"docker.io", "registry-1.docker.io"}) {
    EXPECT_EQ(LookUp(config, name)->whole.password, "secret") << name;
  }
}

TEST_F(CredentialsTest, ReadsIdentityTokens) {
  const auto found =
      LookUp(R"({"auths":{"reg":{"identitytoken":"refresh"}}})", "reg");
  EXPECT_EQ(found->whole.identity_token, "refresh");
  EXPECT_FALSE(found->anonymous());
}

TEST_F(CredentialsTest, ARegistrysHelperCountsBeforeTheStore) {
  WriteHelper("one", "reg", R"({"Username":"u1","Secret":"s1"})");
  WriteHelper("two", "reg", R"({"Username":"<token>","Secret":"s2"})");
  const std::string config =
      R"({"credHelpers":{"reg":"one"},"credsStore":"two"})";
  EXPECT_EQ(LookUp(config, "reg")->whole.password, "s1");
  EXPECT_EQ(LookUp(R"({"credsStore":"two"})", "reg")->whole.identity_token,
            "s2");
  EXPECT_TRUE(LookUp(R"({"credsStore":"two"})", "elsewhere")->anonymous());
}

TEST_F(CredentialsTest, ErrorsNameTheFileAndNoSecret) {
  for (const char* text : {"not json", "[]", ""}) {
    const auto found = LookUp(text, "reg");
    ASSERT_FALSE(found.ok());
    EXPECT_TRUE(absl::StrContains(found.status().message(), "config.json"));
  }
  const auto broken = LookUp(R"({"auths":{"reg":{"auth":"!secret!"}}})", "reg");
  ASSERT_FALSE(broken.ok());
  EXPECT_FALSE(absl::StrContains(broken.status().message(), "secret"));
  EXPECT_FALSE(
      LookUpCredentials("/nowhere/x.json", *Address::Parse("reg")).ok());
  EXPECT_FALSE(LookUpCredentials("/tmp", *Address::Parse("reg")).ok());
}

// "auths" counts where the helper is missing, broken or knows nothing, as
// docker has it; what failed is told to who has no credentials in the end.
TEST_F(CredentialsTest, AHelperOfNoUseIsPassedOver) {
  WriteProgram("empty", "exit 0");
  WriteProgram("broken", "echo no way >&2; exit 3");
  WriteProgram("odd", "echo surprise");
  WriteProgram("unsure",
               "echo The specified item could not be found in the keychain.; "
               "exit 1");
  WriteProgram("blank", R"(echo '{"Username":"","Secret":""}')");
  for (const char* helper :
       {"absent", "empty", "broken", "odd", "unsure", "blank"}) {
    for (const char* key :
         {R"("credHelpers":{"reg":"$0"})", R"("credsStore":"$0")"}) {
      const std::string uses = absl::Substitute(key, helper);
      const auto found = LookUp(
          absl::StrCat("{", uses, R"(,"auths":{"reg":)", Auth("u:p"), "}}"),
          "reg");
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_EQ(found->whole.password, "p") << uses;
      EXPECT_TRUE(LookUp(absl::StrCat("{", uses, "}"), "reg")->anonymous());
    }
  }
  const auto told = [&](const char* helper) {
    return LookUp(absl::Substitute(R"({"credHelpers":{"reg":"$0"}})", helper),
                  "reg")
        ->trouble;
  };
  EXPECT_TRUE(absl::StrContains(told("absent"), "docker-credential-absent"));
  EXPECT_TRUE(absl::StrContains(told("broken"), "status 3"));
  EXPECT_TRUE(absl::StrContains(told("odd"), "not JSON"));
  EXPECT_EQ(told("unsure"), "");
  EXPECT_EQ(told("empty"), "");
}

// containers-auth.json(5): the longest key counts, repository by repository.
TEST_F(CredentialsTest, NamespacedKeysCountBeforeTheirHost) {
  const std::string config =
      absl::StrCat(R"({"auths":{"reg:5000/team/app":)", Auth("a:app"),
                   R"(,"reg:5000/team":)", Auth("t:team"), R"(,"reg:5000":)",
                   Auth("h:host"), R"(,"reg:5000/v2/":)", Auth("o:old"), "}}");
  const auto found = LookUp(config, "http://reg:5000");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->For("team/app").password, "app");
  EXPECT_EQ(found->For("team/app/sub").password, "app");
  EXPECT_EQ(found->For("team/application").password, "team");
  EXPECT_EQ(found->For("teams/app").password, "host");
  EXPECT_EQ(found->For("").password, "host");
  const auto part = LookUp(
      absl::StrCat(R"({"auths":{"reg/team":)", Auth("t:team"), "}}"), "reg");
  EXPECT_TRUE(part->whole.anonymous());
  EXPECT_FALSE(part->anonymous());
}

TEST_F(CredentialsTest, KnowsTheFilesOfPodmanAndSkopeo) {
  const auto with = [](const std::string& secret) {
    return absl::StrCat(R"({"auths":{"reg":)", Auth("u:" + secret), "}}");
  };
  const auto found = [] {
    const auto all = LookUpCredentials("", *Address::Parse("reg"));
    return all.ok() ? all->whole.password : std::string(all.status().message());
  };
  EXPECT_EQ(found(), "");
  WriteAt("home/.config/containers", "auth.json", with("config"));
  EXPECT_EQ(found(), "config");
  WriteAt("run/containers", "auth.json", with("run"));
  EXPECT_EQ(found(), "run");
  WriteAt("home/.docker", "config.json", R"({"auths":{"reg":{}}})");
  EXPECT_EQ(found(), "run");
  WriteAt("home/.docker", "config.json", with("docker"));
  EXPECT_EQ(found(), "docker");
  setenv("DOCKER_AUTH_CONFIG", with("text").c_str(), 1);
  EXPECT_EQ(found(), "text");
  setenv("REGISTRY_AUTH_FILE", Write("named.json", with("named")).c_str(), 1);
  EXPECT_EQ(found(), "named");
  setenv("REGISTRY_AUTH_FILE", "/nowhere/auth.json", 1);
  EXPECT_TRUE(absl::StrContains(found(), "REGISTRY_AUTH_FILE"));
}

TEST_F(CredentialsTest, UserNamesOfCloudsAreUserNames) {
  for (const char* name : {"AWS", "_json_key", "oauth2accesstoken",
                           "00000000-0000-0000-0000-000000000000"}) {
    const auto found =
        LookUp(absl::StrCat(R"({"auths":{"reg":)",
                            Auth(absl::StrCat(name, ":a:b")), "}}"),
               "reg");
    EXPECT_EQ(found->whole.username, name);
    EXPECT_EQ(found->whole.password, "a:b");
  }
  EXPECT_EQ(
      LookUp(absl::StrCat(R"({"auths":{"reg":)", Auth("<token>:re"), "}}"),
             "reg")
          ->whole.identity_token,
      "re");
}

TEST_F(CredentialsTest, APasswordFileHoldsAPasswordOfSeveralLines) {
  for (const auto& [text, password] :
       {std::pair<std::string, std::string>{"pw\n", "pw"},
        {"pw\r\n\n", "pw"},
        {"{\n  \"key\": 1\n}\n", "{\n  \"key\": 1\n}"}}) {
    const auto read = ReadPasswordFile("bob", Write("pw", text));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->whole.password, password);
    EXPECT_EQ(read->whole.username, "bob");
  }
  EXPECT_FALSE(ReadPasswordFile("bob", "/nowhere").ok());
}

TEST_F(CredentialsTest, OddMembersAreIgnored) {
  for (const char* text :
       {R"({"auths":[]})", R"({"auths":null,"credHelpers":5})",
        R"({"auths":{"reg":7}})", R"({"credsStore":{}})", "{}"}) {
    EXPECT_TRUE(LookUp(text, "reg")->anonymous()) << text;
  }
}

}  // namespace
}  // namespace registry_manager
