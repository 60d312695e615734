// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/access/registry_access.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "common/reference/address.h"

namespace registry_manager {
namespace {

class RegistryAccessTest : public testing::Test {
 protected:
  RegistryAccessTest() : folder_(testing::TempDir() + "/access-XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    config_.address = *Address::Parse("https://registry.example");
  }
  ~RegistryAccessTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  proto::Registry Access() const {
    proto::Registry registry;
    ReadAccess(config_, registry);
    return registry;
  }

  std::string folder_;
  RegistryConfig config_;
};

TEST_F(RegistryAccessTest, APasswordOfTheConfigStaysAsItIs) {
  config_.username = "admin";
  config_.password = "secret";
  const proto::Registry registry = Access();
  EXPECT_EQ(registry.credentials().whole().username(), "admin");
  EXPECT_EQ(registry.credentials().whole().password(), "secret");
  EXPECT_FALSE(registry.is_renewable());
  EXPECT_EQ(registry.problem(), "");
}

TEST_F(RegistryAccessTest, APasswordFileIsReadEachTime) {
  config_.username = "admin";
  config_.password = "of the start";
  config_.password_file = Write("password", "first\n");
  EXPECT_EQ(Access().credentials().whole().password(), "first");
  Write("password", "second\n");
  const proto::Registry registry = Access();
  EXPECT_EQ(registry.credentials().whole().password(), "second");
  EXPECT_TRUE(registry.is_renewable());
}

TEST_F(RegistryAccessTest, AnAuthFileGivesAlsoThePartsOfARegistry) {
  // base64 of team:one and all:two.
  config_.auth_file = Write("config.json", R"({"auths": {
      "registry.example/team": {"auth": "dGVhbTpvbmU="},
      "registry.example": {"auth": "YWxsOnR3bw=="}}})");
  const proto::Registry registry = Access();
  EXPECT_EQ(registry.credentials().whole().password(), "two");
  EXPECT_EQ(registry.credentials().parts().at("team").username(), "team");
  EXPECT_EQ(registry.credentials().parts().at("team").password(), "one");
  EXPECT_TRUE(registry.is_renewable());
}

TEST_F(RegistryAccessTest, CertificatesTravelAsContents) {
  config_.username = "admin";
  config_.password = "secret";
  config_.ca_file = Write("ca.pem", "an authority");
  config_.client_cert = Write("client.pem", "a certificate");
  config_.client_key = Write("client.key", "a key");
  const proto::Registry registry = Access();
  EXPECT_EQ(registry.ca(), "an authority");
  EXPECT_EQ(registry.client_cert(), "a certificate");
  EXPECT_EQ(registry.client_key(), "a key");
}

TEST_F(RegistryAccessTest, AFileThatCannotBeReadIsNamed) {
  config_.username = "admin";
  config_.password = "secret";
  config_.client_key = folder_ + "/gone.key";
  const proto::Registry registry = Access();
  EXPECT_TRUE(absl::StrContains(registry.problem(), "client-key"))
      << registry.problem();
  EXPECT_TRUE(absl::StrContains(registry.problem(), "gone.key"));
  EXPECT_FALSE(absl::StrContains(registry.problem(), "secret"));
}

TEST_F(RegistryAccessTest, AnEmptyCertificateIsAProblem) {
  config_.username = "admin";
  config_.password = "secret";
  config_.ca_file = Write("ca.pem", "");
  EXPECT_TRUE(absl::StrContains(Access().problem(), "is empty"));
}

TEST_F(RegistryAccessTest, ACertificateThatIsGoneDoesNotHinderNewCredentials) {
  config_.username = "admin";
  config_.password_file = Write("password", "first");
  config_.ca_file = Write("ca.pem", "an authority");
  proto::Registry registry = Access();
  Write("password", "second");
  std::filesystem::remove(config_.ca_file);
  ReadAccess(config_, registry);
  EXPECT_EQ(registry.problem(), "");
  EXPECT_EQ(registry.credentials().whole().password(), "second");
  EXPECT_EQ(registry.ca(), "an authority");
}

TEST_F(RegistryAccessTest, AProblemIsGoneOnceItsCauseIs) {
  config_.username = "admin";
  config_.password_file = folder_ + "/password";
  proto::Registry registry;
  ReadAccess(config_, registry);
  EXPECT_NE(registry.problem(), "");
  Write("password", "secret");
  ReadAccess(config_, registry);
  EXPECT_EQ(registry.problem(), "");
  EXPECT_EQ(registry.credentials().whole().password(), "secret");
}

}  // namespace
}  // namespace registry_manager
