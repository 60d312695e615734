// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/credentials.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() : folder_(testing::TempDir() + "/credentials-XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string file = folder_ + "/" + name;
    std::ofstream(file) << text;
    return file;
  }
  absl::StatusOr<Credentials> LookUp(const std::string& config,
                                     const std::string& address) {
    return LookUpCredentials(Write("config.json", config),
                             *Address::Parse(address));
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
  EXPECT_EQ(found->username, "user");
  EXPECT_EQ(found->password, "pa:ss");
  EXPECT_TRUE(LookUp(config, "https://reg.example")->anonymous());
}

TEST_F(CredentialsTest, KnowsDockerHubByItsOldKey) {
  const std::string config = absl::StrCat(
      R"({"auths":{"https://index.docker.io/v1/":)", Auth("hub:secret"), "}}");
  for (const char* name : {"docker.io", "registry-1.docker.io"}) {
    EXPECT_EQ(LookUp(config, name)->password, "secret") << name;
  }
}

TEST_F(CredentialsTest, ReadsIdentityTokens) {
  const auto found =
      LookUp(R"({"auths":{"reg":{"identitytoken":"refresh"}}})", "reg");
  EXPECT_EQ(found->identity_token, "refresh");
  EXPECT_FALSE(found->anonymous());
}

TEST_F(CredentialsTest, ARegistrysHelperCountsBeforeTheStore) {
  WriteHelper("one", "reg", R"({"Username":"u1","Secret":"s1"})");
  WriteHelper("two", "reg", R"({"Username":"<token>","Secret":"s2"})");
  const std::string config =
      R"({"credHelpers":{"reg":"one"},"credsStore":"two"})";
  EXPECT_EQ(LookUp(config, "reg")->password, "s1");
  EXPECT_EQ(LookUp(R"({"credsStore":"two"})", "reg")->identity_token, "s2");
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
  EXPECT_FALSE(LookUp(R"({"credHelpers":{"reg":"absent"}})", "reg").ok());
  EXPECT_FALSE(
      LookUpCredentials("/nowhere/x.json", *Address::Parse("reg")).ok());
  EXPECT_FALSE(LookUpCredentials("/tmp", *Address::Parse("reg")).ok());
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
