// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "worker/handlers/sync/layout.h"
#include "worker/handlers/sync/sync_repository.h"
#include "worker/handlers/task_testing.h"

namespace registry_manager {
namespace {

namespace fs = std::filesystem;
using proto::Action;
using proto::TaskResult;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class SyncToLayoutTest : public testing::Test {
 protected:
  SyncToLayoutTest()
      : folder_(absl::StrCat(
            testing::TempDir(), "/",
            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    server_ = std::make_unique<DockerRegistry>(folder_ + "/registry");
    source_ = bench_.AddRegistry(absl::StrCat("http://", server_->host()));
  }
  ~SyncToLayoutTest() override { fs::remove_all(folder_); }

  std::string Target(const std::string& kind) const {
    return absl::StrCat(kind, folder_, "/layout");
  }

  TaskResult Sync(const std::string& target) {
    proto::SyncRepository task;
    task.set_source(source_.id());
    task.set_target(target);
    task.mutable_entry()->set_repository("team/app");
    task.mutable_entry()->set_whole(true);
    task.set_target_repository("copy/app");
    return SyncRepository(task, bench_.context());
  }

  static std::map<std::string, Digest> TagsIn(const std::string& target) {
    const auto layout = Layout::Open(target, "copy/app");
    EXPECT_TRUE(layout.ok()) << layout.status();
    const auto tags = (*layout)->ReadTags();
    EXPECT_TRUE(tags.ok()) << tags.status();
    return *tags;
  }

  // Whether skopeo reads the image, with all that it reaches.
  bool SkopeoReads(const std::string& image) const {
    return system(absl::StrCat("skopeo copy --quiet --all --preserve-digests ",
                               image, " dir:", folder_, "/read")
                      .c_str()) == 0;
  }

  static std::map<std::string, Action::Result> ResultsOf(
      const TaskResult& result) {
    std::map<std::string, Action::Result> results;
    for (const Action& action : result.actions()) {
      EXPECT_TRUE(results.emplace(action.reference(), action.result()).second);
    }
    return results;
  }

  const std::string folder_;
  TaskBench bench_;
  std::unique_ptr<DockerRegistry> server_;
  proto::Registry source_;
};

TEST_F(SyncToLayoutTest, CopiesByteForByteAndThenNothing) {
  const Digest one = bench_.PushImage(source_, "team/app", "one", "layer one");
  const Digest two = bench_.PushImage(source_, "team/app", "two", "layer two");
  const Digest index =
      bench_.PushList(source_, "team/app", "index", {one, two});
  const Digest docker =
      bench_.PushImage(source_, "team/app", "docker", "layer three", true);
  const Digest list =
      bench_.PushList(source_, "team/app", "list", {docker}, true);
  for (const char* kind : {"oci:", "dir:"}) {
    const std::string target = Target(kind);
    const TaskResult result = Sync(target);
    EXPECT_EQ(result.outcome(), TaskResult::DONE) << result.DebugString();
    EXPECT_EQ(result.counts().copied(), 5u) << result.DebugString();
    EXPECT_THAT(TagsIn(target),
                UnorderedElementsAre(
                    Pair("one", one), Pair("two", two), Pair("index", index),
                    Pair("docker", docker), Pair("list", list)));
    EXPECT_TRUE(SkopeoReads(absl::StrCat(target, "/copy/app:index")));
    const TaskResult again = Sync(target);
    EXPECT_EQ(again.outcome(), TaskResult::SKIPPED);
    EXPECT_EQ(again.counts().skipped(), 5u);
    fs::remove_all(folder_ + "/layout");
  }
}

TEST_F(SyncToLayoutTest, SaysWhatSkopeoDoesNotRead) {
  bench_.PushImage(source_, "team/app", "docker", "layer", true);
  EXPECT_THAT(Sync(Target("oci:")).notes(),
              testing::ElementsAre(
                  AllOf(HasSubstr("1 tag is"), HasSubstr("dir:/FOLDER"))));
  EXPECT_FALSE(SkopeoReads(Target("oci:") + "/copy/app:docker"));
  EXPECT_THAT(Sync(Target("dir:")).notes(), IsEmpty());
  EXPECT_TRUE(SkopeoReads(Target("dir:") + "/copy/app:docker"));
}

TEST_F(SyncToLayoutTest, CopiesATagThatMoved) {
  for (const char* kind : {"oci:", "dir:"}) {
    bench_.PushImage(source_, "team/app", "one", "before");
    Sync(Target(kind));
    const Digest after = bench_.PushImage(source_, "team/app", "one", "after");
    EXPECT_THAT(ResultsOf(Sync(Target(kind))),
                UnorderedElementsAre(Pair("one", Action::DONE)));
    EXPECT_THAT(TagsIn(Target(kind)), UnorderedElementsAre(Pair("one", after)));
    fs::remove_all(folder_ + "/layout");
  }
}

TEST_F(SyncToLayoutTest, TakesSignaturesOfChildrenAlong) {
  const Digest one = bench_.PushImage(source_, "team/app", "one", "layer one");
  bench_.PushList(source_, "team/app", "index", {one});
  const std::string signature = absl::StrCat("sha256-", one.hex(), ".sig");
  bench_.PushImage(source_, "team/app", signature, "signature");
  bench_.settings().mutable_sync_policy()->add_filters("^index$");
  EXPECT_THAT(ResultsOf(Sync(Target("oci:"))),
              UnorderedElementsAre(Pair("index", Action::DONE),
                                   Pair(signature, Action::DONE),
                                   Pair("one", Action::SKIPPED)));
}

TEST_F(SyncToLayoutTest, WritesNothingWhenDry) {
  bench_.PushImage(source_, "team/app", "one", "layer one");
  bench_.settings().mutable_sync_policy()->set_dry_run(true);
  EXPECT_THAT(ResultsOf(Sync(Target("oci:"))),
              UnorderedElementsAre(Pair("one", Action::PLANNED)));
  EXPECT_FALSE(fs::exists(folder_ + "/layout"));
}

TEST_F(SyncToLayoutTest, NamesAnImageThatFailsAndCopiesTheOthers) {
  const Digest one = bench_.PushImage(source_, "team/app", "one", "layer one");
  const Digest index = bench_.PushList(source_, "team/app", "index", {one});
  // Skopeo knows no index in an index.
  bench_.PushList(source_, "team/app", "nested", {index});
  EXPECT_THAT(ResultsOf(Sync(Target("oci:"))),
              UnorderedElementsAre(Pair("one", Action::DONE),
                                   Pair("index", Action::DONE),
                                   Pair("nested", Action::FAILED)));
}

TEST_F(SyncToLayoutTest, RefusesTheNativeEngine) {
  bench_.settings().mutable_sync_policy()->set_engine(
      proto::SyncPolicy::NATIVE);
  const TaskResult result = Sync(Target("oci:"));
  EXPECT_EQ(result.outcome(), TaskResult::FAILED);
  EXPECT_THAT(result.problem().message(), HasSubstr("engine: skopeo"));
}

}  // namespace
}  // namespace registry_manager
