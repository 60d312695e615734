// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/slots/registry_options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace registry_manager {
namespace {

std::string Read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

proto::Registry Settings() {
  proto::Registry registry;
  registry.set_id("https://registry.example");
  return registry;
}

TEST(RegistryOptionsTest, CredentialsOfPartsAreTaken) {
  proto::Registry registry = Settings();
  registry.mutable_credentials()->mutable_whole()->set_username("all");
  registry.mutable_credentials()->mutable_whole()->set_password("two");
  registry.mutable_credentials()->set_trouble("a helper is missing");
  (*registry.mutable_credentials()->mutable_parts())["team"].set_identity_token(
      "token");
  std::vector<MemoryFile> files;
  const absl::StatusOr<RegistryOptions> options = OptionsOf(registry, 5, files);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->address.str(), "https://registry.example");
  EXPECT_EQ(options->retries, 5);
  EXPECT_EQ(options->credentials.For("other"), (Credentials{"all", "two", ""}));
  EXPECT_EQ(options->credentials.For("team/app"),
            (Credentials{"", "", "token"}));
  EXPECT_EQ(options->credentials.trouble, "a helper is missing");
  EXPECT_TRUE(files.empty());
}

TEST(RegistryOptionsTest, CertificatesBecomeFiles) {
  proto::Registry registry = Settings();
  registry.set_insecure(true);
  registry.set_ca("an authority");
  registry.set_client_cert("a certificate and its key");
  std::vector<MemoryFile> files;
  const absl::StatusOr<RegistryOptions> options = OptionsOf(registry, 0, files);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->tls.insecure);
  EXPECT_EQ(Read(options->tls.ca_file), "an authority");
  EXPECT_EQ(Read(options->tls.client_cert), "a certificate and its key");
  EXPECT_EQ(options->tls.client_key, "");
  EXPECT_EQ(files.size(), 2u);
}

TEST(RegistryOptionsTest, AListingMayTakeAsLongAsTheSettingsSay) {
  proto::Registry registry = Settings();
  std::vector<MemoryFile> files;
  EXPECT_EQ(OptionsOf(registry, 0, files)->listing_timeout, absl::Minutes(10));
  registry.set_listing_timeout_ms(1500);
  EXPECT_EQ(OptionsOf(registry, 0, files)->listing_timeout,
            absl::Milliseconds(1500));
}

TEST(RegistryOptionsTest, AProblemOfTheCoordinatorIsTheError) {
  proto::Registry registry = Settings();
  registry.set_problem("ca-file x.pem cannot be read");
  std::vector<MemoryFile> files;
  EXPECT_EQ(OptionsOf(registry, 0, files).status(),
            absl::FailedPreconditionError("ca-file x.pem cannot be read"));
}

}  // namespace
}  // namespace registry_manager
