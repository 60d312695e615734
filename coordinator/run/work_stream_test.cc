// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/run/work_stream.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/config/parse.h"

namespace registry_manager {
namespace {

constexpr char kConfig[] = R"(
registries:
  a:
    registry: https://a.example
    username: admin
    password: secret
    repositories:
      - library/redis:5.0.12
      - library/mysql
      - library/redis
  b:
    registry: https://b.example
delete-policy:
  registries: [a, b]
  start: 0
  dry-run: false
  mix-count: 10
  tags:
    include:
      keys: develop
sync-policy:
  from: a
  to: b
  start: 0
  dry-run: false
  replace:
    - old: library
      new: prod
  filters: ['^v']
)";

Config Parse(const std::string& text) {
  absl::StatusOr<Config> config =
      ParseConfig("config.yml", text, SystemConfigSources());
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *std::move(config) : Config();
}

std::string With(const std::string& old_text, const std::string& new_text) {
  const std::string changed =
      absl::StrReplaceAll(kConfig, {{old_text, new_text}});
  EXPECT_NE(changed, kConfig) << old_text;
  return changed;
}

std::string Identity(const std::string& text, RunOptions options = {}) {
  return IdentityOf(Parse(text), options);
}

std::vector<WorkStream> Streams(const std::string& text,
                                RunOptions options = {}) {
  std::vector<std::string> notes;
  return StreamsOf(Parse(text), options, notes);
}

TEST(IdentityTest, IsTheSameForCommentsSecretsTuningAndStart) {
  const std::string identity = Identity(kConfig);
  EXPECT_EQ(identity, Identity(absl::StrCat("# a comment\n", kConfig)));
  EXPECT_EQ(identity, Identity(With("password: secret", "password: other")));
  EXPECT_EQ(identity, Identity(With("username: admin", "username: root")));
  EXPECT_EQ(identity, Identity(With("start: 0", "start: 7")));
  EXPECT_EQ(identity, Identity(With("    password: secret",
                                    "    password: secret\n"
                                    "    max-connections: 3\n"
                                    "    requests-per-second: 5")));
}

TEST(IdentityTest, IsTheSameForOtherNamesOfTheSameRegistries) {
  const std::string renamed = absl::StrReplaceAll(
      kConfig,
      {{"  b:\n", "  bee:\n"}, {"[a, b]", "[a, bee]"}, {"to: b", "to: bee"}});
  EXPECT_EQ(Identity(kConfig), Identity(renamed));
}

TEST(IdentityTest, DiffersByPoliciesAddressesAndRepositories) {
  const std::string identity = Identity(kConfig);
  EXPECT_NE(identity, Identity(With("mix-count: 10", "mix-count: 11")));
  EXPECT_NE(identity, Identity(With("keys: develop", "keys: release")));
  EXPECT_NE(identity, Identity(With("new: prod", "new: live")));
  EXPECT_NE(identity, Identity(With("['^v']", "['^w']")));
  EXPECT_NE(identity, Identity(With("['^v']", "['^v', '^w']")));
  EXPECT_NE(identity, Identity(With("b.example", "c.example")));
  EXPECT_NE(identity, Identity(With("      - library/mysql\n", "")));
  EXPECT_NE(identity, Identity(With("redis:5.0.12", "redis:5.0.13")));
  EXPECT_NE(identity, Identity(With("[a, b]", "[a]")));
  EXPECT_NE(identity, Identity(With("dry-run: false", "dry-run: true")));
}

TEST(IdentityTest, DiffersByVerbAndByWhetherItIsDry) {
  const std::string identity = Identity(kConfig);
  EXPECT_NE(identity, Identity(kConfig, {Verb::kDelete, std::nullopt}));
  EXPECT_NE(identity, Identity(kConfig, {Verb::kSync, std::nullopt}));
  EXPECT_NE(identity, Identity(kConfig, {Verb::kSubmit, true}));
  // The flag says what the config says.
  EXPECT_EQ(identity, Identity(kConfig, {Verb::kSubmit, false}));
}

TEST(IdentityTest, OfAVerbLeavesTheOtherPolicyOut) {
  const RunOptions sync{Verb::kSync, std::nullopt};
  EXPECT_EQ(Identity(kConfig, sync),
            Identity(With("mix-count: 10", "mix-count: 11"), sync));
}

TEST(StreamsTest, SyncsComeBeforeDeletes) {
  const std::vector<WorkStream> streams = Streams(kConfig);
  ASSERT_EQ(streams.size(), 3u);
  EXPECT_EQ(streams[0].kind, WorkStream::Kind::kSync);
  EXPECT_EQ(streams[0].registry, "https://a.example");
  EXPECT_EQ(streams[0].target, "https://b.example");
  EXPECT_EQ(streams[1].kind, WorkStream::Kind::kDelete);
  EXPECT_EQ(streams[1].registry, "https://a.example");
  EXPECT_EQ(streams[2].registry, "https://b.example");
  EXPECT_FALSE(streams[2].entries.has_value());
}

TEST(StreamsTest, EntriesOfOneRepositoryAreOneTask) {
  const std::vector<WorkStream> streams = Streams(kConfig);
  ASSERT_TRUE(streams[0].entries.has_value());
  const auto& entries = *streams[0].entries;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].repository(), "library/redis");
  EXPECT_TRUE(entries[0].whole());
  ASSERT_EQ(entries[0].named_size(), 1);
  EXPECT_EQ(entries[0].named(0), "5.0.12");
  EXPECT_EQ(entries[1].repository(), "library/mysql");
}

TEST(StreamsTest, VerbsTakeTheirPolicy) {
  EXPECT_EQ(Streams(kConfig, {Verb::kSync, std::nullopt}).size(), 1u);
  EXPECT_EQ(Streams(kConfig, {Verb::kDelete, std::nullopt}).size(), 2u);
  for (const WorkStream& stream : Streams(kConfig, {Verb::kPlan, false})) {
    EXPECT_TRUE(stream.dry_run);
  }
}

TEST(StreamsTest, ADrySyncSparesItsSourceFromARealDelete) {
  const std::string text = absl::StrReplaceAll(
      kConfig, {{"  dry-run: false\n  replace", "  dry-run: true\n  replace"}});
  std::vector<std::string> notes;
  const std::vector<WorkStream> streams = StreamsOf(Parse(text), {}, notes);
  ASSERT_EQ(streams.size(), 2u);
  EXPECT_EQ(streams[1].registry, "https://b.example");
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("nothing is deleted from a"), std::string::npos);
  // Whoever says delete means it.
  EXPECT_EQ(StreamsOf(Parse(text), {Verb::kDelete, {}}, notes).size(), 2u);
}

TEST(StreamsTest, TwoEntriesWithOneAddressAreListedOnce) {
  const std::string text =
      "registries:\n"
      "  x: {registry: 'https://a.example'}\n"
      "  y: {registry: 'https://a.example:443/'}\n"
      "delete-policy:\n"
      "  registries: [x, y]\n"
      "  tags: {include: {keys: develop}}\n";
  EXPECT_EQ(Streams(text).size(), 1u);
  EXPECT_EQ(Streams(text, {Verb::kList, std::nullopt}).size(), 1u);
}

TEST(WorkStreamTest, DeletingComesAfterTheSyncsFromAndToItsRegistry) {
  const auto stream = [](WorkStream::Kind kind, const std::string& registry,
                         const std::string& target = "") {
    WorkStream made;
    made.kind = kind;
    made.registry = registry;
    made.target = target;
    return made;
  };
  std::vector<WorkStream> streams = {
      stream(WorkStream::Kind::kSync, "a", "b"),
      stream(WorkStream::Kind::kSync, "a", "c"),
      stream(WorkStream::Kind::kDelete, "a"),
      stream(WorkStream::Kind::kDelete, "c"),
      stream(WorkStream::Kind::kDelete, "d"),
  };

  OrderStreams(streams);

  EXPECT_EQ(streams[0].after, std::vector<size_t>());
  EXPECT_EQ(streams[1].after, std::vector<size_t>());
  EXPECT_EQ(streams[2].after, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(streams[3].after, std::vector<size_t>{1});
  EXPECT_EQ(streams[4].after, std::vector<size_t>());
}

}  // namespace
}  // namespace registry_manager
