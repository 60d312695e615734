// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/repository_sync.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/concurrency/parallel.h"
#include "common/http/cancellation.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/connection/errors.h"
#include "common/registry/drivers/testing/fake_driver.h"
#include "worker/slots/task_context.h"

namespace registry_manager {
namespace {

using proto::Action;
using proto::TaskResult;
using Texts = std::vector<std::string>;

constexpr char kSource[] = "https://source.example";
constexpr char kTarget[] = "https://target.example";

// Copies tags, and notes them in order. Thread-safe.
class FakeEngine : public CopyEngine {
 public:
  FakeEngine(FakeRepository* source, FakeRepository* target)
      : source_(source), target_(target) {}

  absl::Status CopyTag(const std::string& tag) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    on_copy();
    const auto failure = failures.find(tag);
    if (failure != failures.end()) return failure->second;
    copied.push_back(tag);
    target_->tags.insert_or_assign(tag, source_->tags.at(tag));
    return absl::OkStatus();
  }
  void Remember(const std::string& tag, RawManifest&& /*manifest*/) override {
    remembered.push_back(tag);
  }

  std::map<std::string, absl::Status> failures;
  std::function<void()> on_copy = [] {};
  Texts copied;
  Texts remembered;

 private:
  FakeRepository* const source_;
  FakeRepository* const target_;
  std::mutex mutex_;
};

// Referrers of the source that the target does not have, by subject.
class FakeReferrers : public ReferrerCopier {
 public:
  explicit FakeReferrers(FakeRepository* source) : source_(source) {}

  absl::StatusOr<std::vector<Digest>> Reach(
      const ManifestHead& image) override {
    std::vector<Digest> reached = {image.digest};
    const std::vector<Digest>& children =
        source_->manifests.at(image.digest).children;
    reached.insert(reached.end(), children.begin(), children.end());
    return reached;
  }
  absl::StatusOr<bool> SourceListsReferrers(const Digest&) override {
    return true;
  }
  absl::StatusOr<std::vector<ReferrerOutcome>> CopyReferrers(
      const Digest& subject) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<ReferrerOutcome> outcomes;
    for (const Digest& referrer : referrers[subject]) {
      if (failure.ok()) copied.push_back(referrer.str());
      outcomes.push_back({referrer, failure});
    }
    if (on_copy) on_copy();
    return outcomes;
  }
  absl::StatusOr<std::vector<ReferrerOutcome>> MissingReferrers(
      const Digest& subject) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<ReferrerOutcome> outcomes;
    for (const Digest& referrer : referrers[subject]) {
      outcomes.push_back({referrer, absl::OkStatus()});
    }
    return outcomes;
  }

  std::map<Digest, std::vector<Digest>> referrers;
  absl::Status failure;
  Texts copied;
  std::function<void()> on_copy;

 private:
  FakeRepository* const source_;
  std::mutex mutex_;
};

class RepositorySyncTest : public testing::Test {
 protected:
  RepositorySyncTest() {
    task_.set_source(kSource);
    task_.set_target(kTarget);
    task_.mutable_entry()->set_repository("app");
    task_.mutable_entry()->set_whole(true);
    policy_ = settings_.mutable_sync_policy();
  }

  TaskContext Context() {
    TaskContext context;
    context.services = &services_;
    context.settings = std::make_shared<const proto::RunSettings>(settings_);
    context.scope = &scope_;
    context.blobs = nullptr;
    context.report = [](const proto::Counts&) {};
    context.send_actions = [](const std::vector<Action>&) {};
    return context;
  }
  SyncRoute Route() {
    return {&source_driver_, &target_driver_, &engine_, &referrers_, &tally_};
  }
  TaskResult Run() {
    TaskContext context = Context();
    return SyncRepositoryOver(Route(), task_, context);
  }
  TaskResult RunBatch(const Texts& tags) {
    proto::SyncBatch batch;
    batch.set_source(kSource);
    batch.set_target(kTarget);
    batch.set_repository("app");
    for (const std::string& tag : tags) batch.add_tags(tag);
    TaskContext context = Context();
    return SyncBatchOver(Route(), batch, context);
  }

  // "REFERENCE: REASON" of all actions with this result.
  static Texts Actions(const TaskResult& result, Action::Result kind) {
    Texts texts;
    for (const Action& action : result.actions()) {
      if (action.result() == kind) {
        texts.push_back(
            absl::StrCat(action.reference(), ": ", action.reason()));
      }
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  // What was copied; images are copied beside each other.
  Texts Copied() const {
    Texts copied = engine_.copied;
    std::sort(copied.begin(), copied.end());
    return copied;
  }
  static std::string SignatureTagOf(const Digest& digest) {
    return absl::StrCat(absl::StrReplaceAll(digest.str(), {{":", "-"}}),
                        ".sig");
  }

  FakeRepository source_{[] { return absl::UnixEpoch(); }};
  FakeRepository target_{[] { return absl::UnixEpoch(); }};
  FakeRepositoryDriver source_driver_{&source_};
  FakeRepositoryDriver target_driver_{&target_};
  FakeEngine engine_{&source_, &target_};
  FakeReferrers referrers_{&source_};
  CopyTally tally_;
  ThreadPool pool_{2};
  WorkerServices services_{nullptr, &pool_, nullptr};
  Cancellation cancellation_;
  TaskScope scope_{&cancellation_, [] { return absl::OkStatus(); }};
  proto::SyncRepository task_;
  proto::RunSettings settings_;
  proto::SyncPolicy* policy_ = nullptr;
};

TEST_F(RepositorySyncTest, CopiesTagsThatAreMissingOrPointElsewhere) {
  for (const char* tag : {"same", "moved", "new"}) source_.Push(tag, tag);
  target_.Push("same", "same");
  target_.Push("moved", "an older image");
  target_.Push("only-here", "x");
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts({"moved", "new"}));
  EXPECT_EQ(result.counts().copied(), 2u);
  EXPECT_EQ(result.counts().skipped(), 1u);
  EXPECT_EQ(result.counts().tags(), 3u);
  EXPECT_TRUE(target_.tags.contains("only-here"));
}

TEST_F(RepositorySyncTest, HasNothingToDoIfTheTargetHasEverything) {
  source_.Push("1.0", "one");
  target_.Push("1.0", "one");
  EXPECT_EQ(Run().outcome(), TaskResult::SKIPPED);
  EXPECT_EQ(Copied(), Texts());
}

TEST_F(RepositorySyncTest, ForceCopiesWhatTheTargetHas) {
  policy_->set_force(true);
  source_.Push("1.0", "one");
  target_.Push("1.0", "one");
  EXPECT_EQ(Run().outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts({"1.0"}));
}

TEST_F(RepositorySyncTest, ADryRunTellsWhatItWouldCopyAndWhy) {
  policy_->set_dry_run(true);
  source_.Push("new", "one");
  source_.Push("moved", "two");
  target_.Push("moved", "an older image");
  const TaskResult result = Run();
  EXPECT_EQ(Actions(result, Action::PLANNED),
            Texts({"moved: the target's tag points at another image",
                   "new: the target does not have it"}));
  EXPECT_EQ(result.counts().to_copy(), 2u);
  EXPECT_EQ(Copied(), Texts());
}

TEST_F(RepositorySyncTest, FiltersSelectTagsAndTheOthersAreCounted) {
  policy_->add_filters("^1\\.");
  source_.Push("1.0", "one");
  source_.Push("2.0", "two");
  const TaskResult result = Run();
  EXPECT_EQ(Copied(), Texts({"1.0"}));
  EXPECT_EQ(result.counts().not_selected(), 1u);
}

TEST_F(RepositorySyncTest, ANamedTagThatTheSourceDoesNotHaveFailsAlone) {
  task_.mutable_entry()->set_whole(false);
  task_.mutable_entry()->add_named("1.0");
  task_.mutable_entry()->add_named("9.9");
  source_.Push("1.0", "one");
  const TaskResult result = Run();
  EXPECT_EQ(Copied(), Texts({"1.0"}));
  EXPECT_EQ(Actions(result, Action::FAILED),
            Texts({"9.9: the config names this tag, but the source does not "
                   "have it"}));
}

TEST_F(RepositorySyncTest, ARetryCopiesOnlyTheTagsThatItAsksFor) {
  task_.mutable_entry()->add_only("1.0");
  source_.Push("1.0", "one");
  source_.Push("2.0", "two");
  EXPECT_EQ(Run().counts().not_selected(), 0u);
  EXPECT_EQ(Copied(), Texts({"1.0"}));
}

TEST_F(RepositorySyncTest, ATagThatCannotBeReadFailsAlone) {
  source_.Push("1.0", "one");
  source_.Push("2.0", "two");
  source_.unreadable["2.0"] = absl::DataLossError("broken");
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts({"1.0"}));
  EXPECT_EQ(Actions(result, Action::FAILED),
            Texts({"2.0: the source's tag cannot be read: broken"}));
}

TEST_F(RepositorySyncTest, ACopyThatFailsLeavesTheOthersAndTheTargetsTag) {
  source_.Push("1.0", "one");
  source_.Push("2.0", "two");
  const Digest older = target_.Push("2.0", "an older image");
  engine_.failures["2.0"] = absl::InternalError("no room");
  const TaskResult result = Run();
  EXPECT_EQ(Copied(), Texts({"1.0"}));
  EXPECT_EQ(Actions(result, Action::FAILED), Texts({"2.0: no room"}));
  EXPECT_EQ(target_.tags.at("2.0"), older);
}

TEST_F(RepositorySyncTest, AFailureOfTheTargetAsAWholeIsTheTargets) {
  source_.Push("1.0", "one");
  engine_.failures["1.0"] = WithRegistry(
      WithCredentialsRefused(absl::UnauthenticatedError("wrong password")),
      kTarget);
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::FAILED);
  EXPECT_EQ(result.problem().registry(), kTarget);
  EXPECT_EQ(result.problem().kind(),
            proto::Problem::REGISTRY_REFUSES_CREDENTIALS);
  EXPECT_EQ(Actions(result, Action::FAILED), Texts());
}

TEST_F(RepositorySyncTest, AFailureOfTheSourceAsAWholeIsTheSources) {
  source_.lists = WithRegistry(
      WithCredentialsRefused(absl::UnauthenticatedError("wrong password")),
      kSource);
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::FAILED);
  EXPECT_EQ(result.problem().registry(), kSource);
  EXPECT_EQ(result.problem().kind(),
            proto::Problem::REGISTRY_REFUSES_CREDENTIALS);
}

TEST_F(RepositorySyncTest, LooksEachTagUpInATargetThatMayNotBeListed) {
  source_.Push("1.0", "one");
  source_.Push("2.0", "two");
  target_.Push("1.0", "one");
  target_.lists = absl::PermissionDeniedError("pushing only");
  EXPECT_EQ(Run().outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts({"2.0"}));
}

TEST_F(RepositorySyncTest, CopiesNamedTagsFromASourceThatMayNotBeListed) {
  task_.mutable_entry()->set_whole(false);
  task_.mutable_entry()->add_named("1.0");
  source_.Push("1.0", "one");
  source_.Push("2.0", "two");
  source_.lists = absl::PermissionDeniedError("not to you");
  EXPECT_EQ(Run().outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts({"1.0"}));
}

TEST_F(RepositorySyncTest, AWholeSourceThatMayNotBeListedIsAFailure) {
  source_.lists = absl::PermissionDeniedError("not to you");
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::FAILED);
  EXPECT_EQ(result.problem().kind(), proto::Problem::PERMANENT);
}

TEST_F(RepositorySyncTest, ARepositoryThatIsNotThereFailsIfTheConfigNamesIt) {
  EXPECT_EQ(Run().outcome(), TaskResult::SKIPPED);
  task_.set_expected(true);
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::FAILED);
  EXPECT_EQ(result.problem().message(), "the source has no repository app");
}

TEST_F(RepositorySyncTest, AHalfRemovedTagIsNotCopied) {
  source_.Push("1.0", "one");
  source_.tags.insert_or_assign("2.0", Placeholder().digest);
  EXPECT_EQ(Run().counts().failed(), 0u);
  EXPECT_EQ(Copied(), Texts({"1.0"}));
}

TEST_F(RepositorySyncTest, ASignatureThatTheFiltersDoNotNameComesFirst) {
  policy_->set_referrers(true);
  policy_->add_filters("^1\\.");
  const Digest image = source_.Push("1.0", "one");
  const std::string signature = SignatureTagOf(image);
  source_.Push(signature, "signature");
  source_.Push(SignatureTagOf(Digest::Of("another")), "another signature");
  const TaskResult result = Run();
  EXPECT_EQ(engine_.copied, Texts({signature, "1.0"}));
  EXPECT_EQ(result.counts().copied(), 2u);
}

TEST_F(RepositorySyncTest, NoImageIsCopiedIfTheTaskEndsBeforeItsSignature) {
  policy_->set_referrers(true);
  const Digest image = source_.Push("1.0", "one");
  const std::string signature = SignatureTagOf(image);
  source_.Push(signature, "signature");
  engine_.failures[signature] = absl::CancelledError("the lease has ended");
  EXPECT_EQ(Run().problem().kind(), proto::Problem::CANCELLED);
  EXPECT_EQ(engine_.copied, Texts());
}

TEST_F(RepositorySyncTest, ASignatureOfAnIndexesChildComesAlong) {
  policy_->set_referrers(true);
  policy_->add_filters("^1\\.");
  const Digest child = source_.Push("", "child");
  source_.Push("1.0", "index", {.children = {child}});
  const std::string signature = SignatureTagOf(child);
  source_.Push(signature, "signature");
  Run();
  EXPECT_EQ(engine_.copied, Texts({signature, "1.0"}));
}

TEST_F(RepositorySyncTest, ReferrersAreCopiedBeforeTheirImage) {
  policy_->set_referrers(true);
  const Digest image = source_.Push("1.0", "one");
  const Digest referrer = Digest::Of("sbom");
  referrers_.referrers[image] = {referrer};
  referrers_.on_copy = [this] { EXPECT_EQ(engine_.copied, Texts()); };
  const TaskResult result = Run();
  EXPECT_EQ(referrers_.copied, Texts({referrer.str()}));
  EXPECT_EQ(result.counts().copied(), 2u);
}

TEST_F(RepositorySyncTest, ReferrersOfAnImageThatTheTargetHasAreCopied) {
  policy_->set_referrers(true);
  const Digest image = source_.Push("1.0", "one");
  target_.Push("1.0", "one");
  referrers_.referrers[image] = {Digest::Of("sbom")};
  EXPECT_EQ(Run().outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts());
  EXPECT_EQ(referrers_.copied, Texts({Digest::Of("sbom").str()}));
}

TEST_F(RepositorySyncTest, HandsALargePlanBackInBatches) {
  for (int i = 0; i < 65; ++i) {
    const std::string name = absl::StrCat("tag-", i);
    source_.Push(name, name);
  }
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::SPLIT);
  ASSERT_EQ(result.batches_size(), 3);
  EXPECT_EQ(result.batches(0).tags_size(), 32);
  EXPECT_EQ(result.batches(1).tags_size(), 32);
  EXPECT_EQ(result.batches(2).tags_size(), 1);
  EXPECT_EQ(Copied(), Texts());
}

TEST_F(RepositorySyncTest, ABatchCopiesWhatDiffersByThen) {
  source_.Push("1.0", "one");
  source_.Push("2.0", "two");
  source_.Push("3.0", "not in the batch");
  target_.Push("1.0", "one");
  const TaskResult result = RunBatch({"1.0", "2.0"});
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts({"2.0"}));
  EXPECT_EQ(result.counts().skipped(), 1u);
}

TEST_F(RepositorySyncTest, RemembersAManifestThatItHasReadAnyway) {
  source_.Push("new", "one");
  source_.Push("there", "two");
  target_.Push("there", "two");
  Run();
  EXPECT_EQ(engine_.remembered, Texts({"new"}));
}

TEST_F(RepositorySyncTest, StopsCopyingOnceTheTaskIsCancelled) {
  for (int i = 0; i < 64; ++i) {
    const std::string name = absl::StrCat("tag-", i);
    source_.Push(name, name);
  }
  engine_.on_copy = [this] {
    cancellation_.Cancel(absl::CancelledError("the lease has ended"));
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.problem().kind(), proto::Problem::CANCELLED);
  EXPECT_EQ(result.counts().failed(), 0u);
  // Those that were under way, of the two threads and the task's own.
  EXPECT_LE(engine_.copied.size(), 3u);
}

TEST_F(RepositorySyncTest, ReferrersAreCopiedOnceBeforeALargePlanIsHandedBack) {
  policy_->set_referrers(true);
  for (int i = 0; i < 65; ++i) {
    const std::string name = absl::StrCat("tag-", i);
    referrers_.referrers[source_.Push(name, name)] = {
        Digest::Of(absl::StrCat("sbom ", i))};
  }
  EXPECT_EQ(Run().outcome(), TaskResult::SPLIT);
  EXPECT_EQ(referrers_.copied.size(), 65u);
}

TEST_F(RepositorySyncTest, AReferrerThatEndsTheTaskKeepsItsImageBack) {
  policy_->set_referrers(true);
  const Digest image = source_.Push("1.0", "one");
  referrers_.referrers[image] = {Digest::Of("sbom")};
  referrers_.failure = absl::CancelledError("the lease has ended");
  EXPECT_EQ(Run().problem().kind(), proto::Problem::CANCELLED);
  EXPECT_EQ(engine_.copied, Texts());
}

TEST_F(RepositorySyncTest, ATargetThatIsNoRegistryIsNotAnEmptyOne) {
  source_.Push("1.0", "one");
  target_.is_registry = absl::FailedPreconditionError("a web server");
  EXPECT_EQ(Run().problem().message(), "a web server");
  EXPECT_EQ(Copied(), Texts());
}

TEST_F(RepositorySyncTest, AListedTagThatAHeadDeniesIsStillCompared) {
  source_.Push("1.0", "one");
  target_.Push("1.0", "one");
  target_.denies_heads = true;
  EXPECT_EQ(Run().outcome(), TaskResult::SKIPPED);
}

TEST_F(RepositorySyncTest, AFolderIsComparedByItsTags) {
  for (const char* tag : {"same", "moved", "new"}) source_.Push(tag, tag);
  SyncRoute route = Route();
  route.layout_tags = {{"same", Digest::Of("same")},
                       {"moved", Digest::Of("an older image")}};
  policy_->set_engine(proto::SyncPolicy::SKOPEO);
  TaskContext context = Context();
  const TaskResult result = SyncRepositoryOver(route, task_, context);
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(Copied(), Texts({"moved", "new"}));
  EXPECT_EQ(target_.looks(), 0);
}

}  // namespace
}  // namespace registry_manager
