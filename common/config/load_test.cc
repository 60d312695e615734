// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/config/config_testing.h"
#include "common/config/parse.h"

namespace registry_manager {
namespace {

using ::testing::HasSubstr;

class LoadConfigTest : public ::testing::Test {
 protected:
  LoadConfigTest() {
    folder_ =
        std::filesystem::path(::testing::TempDir()) /
        absl::StrCat(
            "config-",
            ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~LoadConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::filesystem::path folder_;
};

TEST_F(LoadConfigTest, ReadsAConfigAndItsPasswordFile) {
  Write("secret", "s3cret\n");
  std::filesystem::create_directories(folder_ / "certs");
  Write("certs/ca.pem", "");
  const std::string file =
      Write("config.yml",
            "registries:\n  r:\n    registry: r.io\n    username: bob\n"
            "    password-file: secret\n    ca-file: certs/ca.pem\n");
  const auto config = LoadConfig(file, SystemConfigSources());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->registries[0].password, "s3cret");
  EXPECT_EQ(config->registries[0].ca_file, (folder_ / "certs/ca.pem").string());
}

TEST_F(LoadConfigTest, TellsWhereOthersCanReadAPassword) {
  const auto exposure = [&](const std::string& password, mode_t mode) {
    const std::string file = Write(
        "config.yml", absl::StrCat("registries:\n  r:\n    registry: r.io\n"
                                   "    username: bob\n    ",
                                   password, "\n"));
    chmod(file.c_str(), mode);
    ConfigSources sources = SystemConfigSources();
    sources.environment = [](const std::string&) { return "s3cret"; };
    const auto config = LoadConfig(file, sources);
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? ExposureOf(file, *config) : "";
  };
  Write("secret", "s3cret\n");
  for (const mode_t mode : {0644, 0640, 0604}) {
    EXPECT_THAT(exposure("password: s3cret", mode), HasSubstr("chmod 600"));
  }
  EXPECT_EQ(exposure("password: s3cret", 0600), "");
  EXPECT_EQ(exposure("password: ${SECRET}", 0644), "");
  EXPECT_EQ(exposure("password-file: secret", 0644), "");
}

TEST_F(LoadConfigTest, MakesPathsAbsoluteWhereTheConfigsIsNot) {
  Write("ca.pem", "");
  Write("config.yml",
        "registries:\n  r:\n    registry: r.io\n    ca-file: ca.pem\n");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const auto config = LoadConfig("config.yml", SystemConfigSources());
  std::filesystem::current_path(before);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->registries[0].ca_file, (folder_ / "ca.pem").string());
}

TEST_F(LoadConfigTest, BeginsEachErrorWithTheFileAsGiven) {
  const std::string file = Write("config.yml", "registries:\n");
  const auto config = LoadConfig(file, SystemConfigSources());
  EXPECT_THAT(std::string(config.status().message()),
              HasSubstr(file + ":1:1: 'registries' is empty"));
}

TEST_F(LoadConfigTest, SaysWhyAFileCannotBeRead) {
  const ConfigSources sources = SystemConfigSources();
  const std::string missing = (folder_ / "missing.yml").string();
  const absl::Status status = LoadConfig(missing, sources).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), absl::StrCat("the config '", missing,
                                           "' does not exist; check its path"));

  const absl::Status folder = LoadConfig(folder_.string(), sources).status();
  EXPECT_EQ(folder.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(folder.message()), HasSubstr("it is a folder; name"));

  const std::string large = Write("large.yml", std::string((4 << 20) + 1, '#'));
  const absl::Status size = LoadConfig(large, sources).status();
  EXPECT_EQ(size.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(size.message()),
              HasSubstr("it is larger than 4096 KiB; name"));
}

TEST_F(LoadConfigTest, DoesNotWaitForAPipe) {
  const std::string pipe = (folder_ / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(LoadConfig(pipe, SystemConfigSources()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(LoadConfigTest, ReportsAPasswordFileThatIsMissing) {
  const std::string file =
      Write("config.yml",
            "registries:\n  r:\n    registry: r.io\n    username: bob\n"
            "    password-file: missing\n");
  EXPECT_THAT(
      std::string(LoadConfig(file, SystemConfigSources()).status().message()),
      HasSubstr(file + ":5:20: the password file 'missing' cannot be "
                       "read: "));
}

TEST(SystemConfigSourcesTest, ReadsTheEnvironment) {
  ASSERT_EQ(setenv("RM_CONFIG_TEST", "value", 1), 0);
  ASSERT_EQ(unsetenv("RM_CONFIG_TEST_UNSET"), 0);
  const ConfigSources sources = SystemConfigSources();
  EXPECT_EQ(sources.environment("RM_CONFIG_TEST"), "value");
  EXPECT_FALSE(sources.environment("RM_CONFIG_TEST_UNSET").has_value());
}

}  // namespace
}  // namespace registry_manager
