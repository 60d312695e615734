// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/records/failed_work.h"

#include <gtest/gtest.h>

namespace registry_manager {
namespace {

constexpr char kA[] = "https://a.example";
constexpr char kB[] = "https://b.example";

WorkStream DeleteStream() {
  WorkStream stream;
  stream.kind = WorkStream::Kind::kDelete;
  stream.registry = kA;
  stream.start = 5;
  return stream;
}

WorkStream SyncStream() {
  WorkStream stream;
  stream.kind = WorkStream::Kind::kSync;
  stream.registry = kA;
  stream.target = kB;
  return stream;
}

OutcomeRecord Record(OutcomeRecord::Kind kind, const WorkStream& stream,
                     const std::string& repository,
                     const std::string& reference) {
  OutcomeRecord record;
  record.kind = kind;
  record.policy = stream.policy_name();
  record.registry = stream.registry;
  record.target = stream.target;
  record.repository = repository;
  record.reference = reference;
  record.action = stream.kind == WorkStream::Kind::kSync ? "copy" : "delete";
  record.result = "failed";
  return record;
}

std::vector<std::string> Only(const proto::RepositoryEntry& entry) {
  return {entry.only().begin(), entry.only().end()};
}

TEST(FailedWorkTest, NothingFailed) {
  FailedWork failed;
  OutcomeRecord record =
      Record(OutcomeRecord::Kind::kAction, DeleteStream(), "app", "1");
  record.result = "done";
  failed.Add(record);
  EXPECT_TRUE(failed.empty());
  EXPECT_TRUE(failed.Restrict({DeleteStream()}).empty());
}

TEST(FailedWorkTest, TheFailedTagsOfTheFailedStreamAlone) {
  FailedWork failed;
  failed.Add(Record(OutcomeRecord::Kind::kAction, DeleteStream(), "app", "2"));
  failed.Add(Record(OutcomeRecord::Kind::kAction, DeleteStream(), "app", "1"));
  const std::vector<WorkStream> streams =
      failed.Restrict({SyncStream(), DeleteStream()});
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams[0].kind, WorkStream::Kind::kDelete);
  EXPECT_EQ(streams[0].start, 0);
  ASSERT_EQ(streams[0].entries->size(), 1u);
  const proto::RepositoryEntry& entry = streams[0].entries->front();
  EXPECT_EQ(entry.repository(), "app");
  EXPECT_TRUE(entry.whole());
  EXPECT_EQ(Only(entry), std::vector<std::string>({"1", "2"}));
}

TEST(FailedWorkTest, ADigestThatFailedOpensNoOtherTagToDeletion) {
  FailedWork failed;
  failed.Add(
      Record(OutcomeRecord::Kind::kAction, DeleteStream(), "app", "sha256:00"));
  const std::vector<WorkStream> streams = failed.Restrict({DeleteStream()});
  EXPECT_EQ(Only(streams[0].entries->front()),
            std::vector<std::string>({"sha256:00"}));
}

TEST(FailedWorkTest, ARepositoryThatFailedIsDoneAsAWhole) {
  FailedWork failed;
  failed.Add(Record(OutcomeRecord::Kind::kRepository, DeleteStream(), "a", ""));
  OutcomeRecord signature =
      Record(OutcomeRecord::Kind::kAction, SyncStream(), "b", "sha256-00.sig");
  signature.action = "copy-referrer";
  failed.Add(signature);
  const std::vector<WorkStream> streams =
      failed.Restrict({SyncStream(), DeleteStream()});
  ASSERT_EQ(streams.size(), 2u);
  EXPECT_EQ(streams[0].entries->front().repository(), "b");
  EXPECT_TRUE(Only(streams[0].entries->front()).empty());
  EXPECT_EQ(streams[1].entries->front().repository(), "a");
  EXPECT_TRUE(Only(streams[1].entries->front()).empty());
}

TEST(FailedWorkTest, ACatalogueThatCouldNotBeListedIsListed) {
  FailedWork failed;
  failed.Add(Record(OutcomeRecord::Kind::kCatalogue, DeleteStream(), "", ""));
  const std::vector<WorkStream> streams = failed.Restrict({DeleteStream()});
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_FALSE(streams[0].entries.has_value());
}

TEST(FailedWorkTest, WhatTheConfigNamesStaysAsItNamesIt) {
  WorkStream stream = DeleteStream();
  stream.entries.emplace();
  proto::RepositoryEntry& named = stream.entries->emplace_back();
  named.set_repository("app");
  named.add_named("1");
  FailedWork failed;
  failed.Add(Record(OutcomeRecord::Kind::kAction, stream, "app", "1"));
  const std::vector<WorkStream> streams = failed.Restrict({stream});
  const proto::RepositoryEntry& entry = streams[0].entries->front();
  EXPECT_FALSE(entry.whole());
  EXPECT_EQ(entry.named(0), "1");
  EXPECT_EQ(Only(entry), std::vector<std::string>({"1"}));
}

}  // namespace
}  // namespace registry_manager
