// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/delete_repository.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"
#include "common/registry/drivers/testing/fake_driver.h"

namespace registry_manager {
namespace {

using proto::Action;
using proto::TaskResult;
using Texts = std::vector<std::string>;

class DeleteRepositoryTest : public testing::Test {
 protected:
  DeleteRepositoryTest() {
    task_.set_registry("https://a.example");
    task_.mutable_entry()->set_repository("app");
    task_.mutable_entry()->set_whole(true);
    auto& policy = *settings_.mutable_delete_policy();
    policy.mutable_include()->add_keys("develop");
    kept_ = repository_.Push("1.0", "kept");
  }

  TaskResult Run() {
    TaskContext context;
    context.services = nullptr;
    context.settings = std::make_shared<const proto::RunSettings>(settings_);
    TaskScope scope(&cancellation_, [] { return absl::OkStatus(); });
    context.scope = &scope;
    context.blobs = nullptr;
    context.write_intent = [this](const std::string&, const std::string&,
                                  const proto::Intent* intent) {
      // What was done when the intent was written.
      intents_.push_back(absl::StrCat(intent == nullptr ? "drop" : "write",
                                      " after ", repository_.done.size()));
      return intent_status_;
    };
    context.report = [](const proto::Counts&) {};
    context.send_actions = [](const std::vector<Action>&) {};
    FakeRepositoryDriver driver(&repository_);
    return DeleteWith(driver, task_, context, [this] { return now_; });
  }

  // "1.0 KEEP" of all actions that are not done, or have a reason to be told.
  static Texts Failures(const TaskResult& result) {
    Texts failures;
    for (const Action& action : result.actions()) {
      if (action.result() == Action::FAILED) {
        failures.push_back(
            absl::StrCat(action.reference(), ": ", action.reason()));
      }
    }
    return failures;
  }
  Texts Tags() const {
    Texts tags;
    for (const auto& [tag, digest] : repository_.tags) tags.push_back(tag);
    return tags;
  }

  absl::Time now_ = absl::FromUnixSeconds(1000000);
  FakeRepository repository_{[this] { return now_; }};
  proto::DeleteRepository task_;
  proto::RunSettings settings_;
  Cancellation cancellation_;
  absl::Status intent_status_;
  Texts intents_;
  std::optional<Digest> kept_;
};

TEST_F(DeleteRepositoryTest, JournalsTheIntentBeforeAndDropsItAfterwards) {
  const Digest one = repository_.Push("develop-1", "one");
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(result.counts().deleted(), 1u);
  EXPECT_EQ(repository_.done, Texts({one.str()}));
  EXPECT_EQ(Tags(), Texts({"1.0"}));
  EXPECT_EQ(intents_, Texts({"write after 0", "drop after 1"}));
}

TEST_F(DeleteRepositoryTest, DeletesNothingIfTheIntentIsNotJournalled) {
  repository_.Push("develop-1", "one");
  intent_status_ = absl::CancelledError("the lease is over");
  EXPECT_EQ(Run().outcome(), TaskResult::FAILED);
  EXPECT_EQ(repository_.done, Texts());
}

TEST_F(DeleteRepositoryTest, WritesNothingInADryRun) {
  settings_.mutable_delete_policy()->set_dry_run(true);
  repository_.Push("develop-1", "one");
  const TaskResult result = Run();
  EXPECT_EQ(result.counts().to_delete(), 1u);
  EXPECT_EQ(repository_.done, Texts());
  EXPECT_EQ(intents_, Texts());
}

TEST_F(DeleteRepositoryTest, PassesOverATagThatMovedSinceItWasPlanned) {
  const Digest one = repository_.Push("develop-1", "one");
  const Digest two = repository_.Push("develop-2", "two");
  repository_.on_look = [this](int look) {
    if (look == 2) repository_.Push("develop-1", "somebody's");
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(result.counts().passed_over(), 1u);
  EXPECT_EQ(result.counts().failed(), 0u);
  EXPECT_EQ(repository_.done, Texts({two.str()}));
  EXPECT_EQ(Tags(), Texts({"1.0", "develop-1"}));
  // Nothing names it any more, but nobody asked for it to go.
  EXPECT_TRUE(repository_.manifests.contains(one));
}

TEST_F(DeleteRepositoryTest, PassesOverATagThatSomebodyElseRemoved) {
  repository_.Push("develop-1", "one");
  const Digest two = repository_.Push("develop-2", "two");
  repository_.on_look = [this](int look) {
    if (look == 2) repository_.tags.erase("develop-1");
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(result.counts().passed_over(), 1u);
  EXPECT_EQ(repository_.done, Texts({two.str()}));
}

TEST_F(DeleteRepositoryTest, ANewTagProtectsTheImageThatItIsOn) {
  const Digest one = repository_.Push("develop-1", "one");
  repository_.on_look = [&](int look) {
    if (look == 2) repository_.tags.insert_or_assign("2.0", one);
  };
  const TaskResult result = Run();
  EXPECT_EQ(repository_.done, Texts({"develop-1"}));
  EXPECT_EQ(result.counts().untagged(), 1u);
  EXPECT_TRUE(repository_.manifests.contains(one));
}

TEST_F(DeleteRepositoryTest, MakesAPlanAfreshThatIsFiveMinutesOld) {
  repository_.Push("develop-1", "one");
  repository_.Push("develop-2", "two");
  int deletes = 0;
  repository_.on_delete = [&](const Digest&) -> std::optional<ImageOutcome> {
    if (++deletes == 1) now_ += absl::Minutes(5) + absl::Seconds(1);
    return std::nullopt;
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::DONE);
  EXPECT_EQ(result.counts().deleted(), 2u);
  // Two for the first plan, one for the second.
  EXPECT_EQ(repository_.looks(), 3);
  EXPECT_EQ(intents_,
            Texts({"write after 0", "write after 1", "drop after 2"}));
}

TEST_F(DeleteRepositoryTest, GivesUpIfEveryPlanIsOldBeforeItsFirstDelete) {
  repository_.Push("develop-1", "one");
  repository_.on_look = [this](int) { now_ += absl::Minutes(6); };
  const TaskResult result = Run();
  EXPECT_EQ(result.outcome(), TaskResult::FAILED);
  EXPECT_EQ(result.problem().kind(), proto::Problem::TRANSIENT);
  EXPECT_TRUE(absl::StrContains(result.problem().message(), "max-connections"));
  EXPECT_EQ(repository_.done, Texts());
}

TEST_F(DeleteRepositoryTest, DeletesAnIndexBeforeItsChildren) {
  const Digest child = repository_.Push("", "child");
  const Digest index =
      repository_.Push("develop-1", "index", {.children = {child}});
  EXPECT_EQ(Run().outcome(), TaskResult::DONE);
  EXPECT_EQ(repository_.done, Texts({index.str(), child.str()}));
}

TEST_F(DeleteRepositoryTest, SparesWhatIsAttachedToAnImageThatIsRefused) {
  const Digest one = repository_.Push("develop-1", "one");
  const Digest signature =
      repository_.Push("", "signature", {.children = {}, .subject = one});
  const Digest two = repository_.Push("develop-2", "two");
  repository_.on_delete = [&](const Digest& digest) {
    const ImageOutcome refused{ImageOutcome::Kind::kRefused,
                               absl::PermissionDeniedError("not yours")};
    return digest == one ? std::optional(refused) : std::nullopt;
  };
  const TaskResult result = Run();
  EXPECT_EQ(Failures(result), Texts({"develop-1: not yours"}));
  EXPECT_EQ(repository_.done, Texts({two.str()}));
  EXPECT_TRUE(repository_.manifests.contains(signature));
  // Whoever deletes here next needs it.
  EXPECT_EQ(intents_, Texts({"write after 0"}));
}

TEST_F(DeleteRepositoryTest, ATagThatIsListedALittleLongerIsDeletedAllTheSame) {
  repository_.Push("develop-1", "one");
  repository_.tags_linger = true;
  repository_.on_look_back = [this](int look) {
    if (look == 2) repository_.tags.erase("develop-1");
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.counts().deleted(), 1u);
  EXPECT_EQ(result.counts().failed(), 0u);
}

TEST_F(DeleteRepositoryTest, AManifestThatSomebodyElseDeletedIsPassedOver) {
  repository_.Push("develop-1", "one");
  repository_.on_delete = [this](const Digest& digest) {
    repository_.manifests.erase(digest);
    repository_.tags.erase("develop-1");
    return std::optional(ImageOutcome{ImageOutcome::Kind::kWasGone});
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.counts().deleted(), 0u);
  EXPECT_EQ(result.counts().passed_over(), 1u);
}

TEST_F(DeleteRepositoryTest, SaysOnceThatTheRegistryDoesNotDelete) {
  repository_.Push("develop-1", "one");
  repository_.deletes =
      WithDoesNotDelete(absl::UnimplementedError("set delete.enabled"));
  const TaskResult result = Run();
  EXPECT_EQ(result.problem().kind(), proto::Problem::REGISTRY_DOES_NOT_DELETE);
  EXPECT_EQ(result.problem().registry(), task_.registry());
  EXPECT_EQ(intents_, Texts());
}

TEST_F(DeleteRepositoryTest, KeepsTheIntentIfRemovingATagHarmedOthers) {
  repository_.tags.insert_or_assign("develop-1", *kept_);
  repository_.removes_tags =
      WithHarmsOthers(absl::DataLossError("it took the image along"));
  const TaskResult result = Run();
  EXPECT_EQ(result.problem().kind(), proto::Problem::REGISTRY_HARMS_OTHERS);
  EXPECT_EQ(intents_, Texts({"write after 0"}));
}

}  // namespace
}  // namespace registry_manager
