// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/settings.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace registry_manager {
namespace {

RegistryConfig Entry(const std::string& name, const std::string& address,
                     int max_connections,
                     std::optional<double> requests_per_second = std::nullopt) {
  RegistryConfig entry;
  entry.name = name;
  entry.address = *Address::Parse(address);
  entry.max_connections = max_connections;
  entry.requests_per_second = requests_per_second;
  return entry;
}

Config ConfigOfTwoNamesForA() {
  Config config;
  config.registries = {Entry("one", "https://a.example", 8),
                       Entry("other", "https://b.example", 2, 1.0),
                       Entry("again", "https://a.example", 6, 50.0),
                       Entry("last", "https://a.example", 7, 90.0)};
  return config;
}

TEST(SettingsTest, EntriesWithOneAddressShareTheLowerLimits) {
  const RegistryBudget budget =
      BudgetOf(ConfigOfTwoNamesForA(), "https://a.example");
  EXPECT_EQ(budget.max_connections, 6);
  EXPECT_EQ(budget.requests_per_second, 50.0);
}

TEST(SettingsTest, TheFirstEntryWithCredentialsOpensARegistry) {
  Config config = ConfigOfTwoNamesForA();
  EXPECT_EQ(AccessConfigOf(config, "https://a.example")->name, "one");
  config.registries[2].username = "admin";
  EXPECT_EQ(AccessConfigOf(config, "https://a.example")->name, "again");
  config.registries[0].auth_file = "config.json";
  EXPECT_EQ(AccessConfigOf(config, "https://a.example")->name, "one");
  EXPECT_EQ(AccessConfigOf(config, "https://c.example"), nullptr);
}

TEST(SettingsTest, OnlyRegistriesOfTheStreamsAreNamedAndNoSecret) {
  Config config = ConfigOfTwoNamesForA();
  config.registries[0].username = "admin";
  config.registries[0].password = "secret";
  WorkStream stream;
  stream.kind = WorkStream::Kind::kDelete;
  stream.registry = "https://a.example";
  const proto::RunSettings settings =
      SettingsOf(config, {}, {stream}, "RUN1", 3, false);
  ASSERT_EQ(settings.registries_size(), 1);
  EXPECT_EQ(settings.registries(0).id(), "https://a.example");
  EXPECT_EQ(settings.registries(0).max_connections(), 6u);
  EXPECT_EQ(settings.SerializeAsString().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace registry_manager
