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

  // "REFERENCE: REASON" of all actions with this result.
  static Texts Of(const TaskResult& result, Action::Result kind) {
    Texts texts;
    for (const Action& action : result.actions()) {
      if (action.result() == kind) {
        texts.push_back(
            absl::StrCat(action.reference(), ": ", action.reason()));
      }
    }
    return texts;
  }
  static Texts Failures(const TaskResult& result) {
    return Of(result, Action::FAILED);
  }
  static ImageOutcome Outcome(ImageOutcome::Kind kind,
                              const std::string& why = "") {
    return {kind, why.empty() ? absl::OkStatus() : absl::InternalError(why)};
  }
  // A tag that stays listed is not waited for.
  void KnowThatTagsAreLeft() {
    repository_.capabilities.tags_go_along = DeletionCapabilities::Support::kNo;
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
  EXPECT_EQ(Of(result, Action::SKIPPED),
            Texts({signature.str() +
                   ": what it is attached to could not be deleted"}));
  EXPECT_EQ(repository_.done, Texts({two.str()}));
  EXPECT_TRUE(repository_.manifests.contains(signature));
  // Whoever deletes here next needs it.
  EXPECT_EQ(intents_, Texts({"write after 0"}));
}

TEST_F(DeleteRepositoryTest, ATagThatIsListedALittleLongerIsDeletedAllTheSame) {
  const Digest one = repository_.Push("develop-1", "one");
  repository_.tags_linger = true;
  repository_.on_look_back = [this](int look) {
    if (look == 2) repository_.tags.erase("develop-1");
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.counts().deleted(), 1u);
  EXPECT_EQ(result.counts().failed(), 0u);
  EXPECT_EQ(repository_.looks_back(), 2);
  EXPECT_EQ(repository_.done, Texts({one.str()}));
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
  EXPECT_EQ(result.problem().registry(), task_.registry());
  EXPECT_EQ(intents_, Texts({"write after 0"}));
}

// --- tags that stay listed although their image is deleted ---

TEST_F(DeleteRepositoryTest, LeftTagsAreDeletedByNameWhereTheRegistryDoesThat) {
  repository_.Push("develop-1", "one");
  repository_.tags_linger = true;
  repository_.deletes_left_tags = true;
  const TaskResult result = Run();
  EXPECT_EQ(repository_.asked_by_name, Texts({"develop-1"}));
  EXPECT_EQ(result.counts().deleted(), 1u);
  EXPECT_EQ(result.counts().failed(), 0u);
  ASSERT_EQ(result.notes_size(), 1);
  EXPECT_TRUE(absl::StrContains(result.notes(0), "leaves tags listed"));
  // The next ones are deleted by name without patience.
  repository_.Push("develop-2", "two");
  const int looks = repository_.looks_back();
  EXPECT_EQ(Run().notes_size(), 0);
  EXPECT_EQ(repository_.looks_back(), looks + 2);
}

TEST_F(DeleteRepositoryTest, ALeftTagThatTheRegistryAnswersForIsAFailure) {
  repository_.Push("develop-1", "one");
  repository_.tags_linger = true;
  repository_.answers_for_deleted = true;
  KnowThatTagsAreLeft();
  EXPECT_EQ(Failures(Run()),
            Texts({"develop-1: its manifest was deleted, but the registry "
                   "still lists the tag and hands it out: not by name"}));
}

TEST_F(DeleteRepositoryTest, ALeftTagThatDanglesIsRemovedAlone) {
  const Digest one = repository_.Push("develop-1", "one");
  repository_.tags_linger = true;
  KnowThatTagsAreLeft();
  const TaskResult result = Run();
  EXPECT_EQ(repository_.done, Texts({one.str(), "develop-1"}));
  EXPECT_EQ(result.counts().deleted(), 1u);
  EXPECT_EQ(result.counts().failed(), 0u);
}

TEST_F(DeleteRepositoryTest, AnImageThatIsPushedAgainKeepsItsTag) {
  const Digest one = repository_.Push("develop-1", "one");
  KnowThatTagsAreLeft();
  repository_.on_look_back = [this](int) {
    repository_.Push("develop-1", "one");
  };
  const TaskResult result = Run();
  EXPECT_EQ(repository_.done, Texts({one.str()}));
  EXPECT_EQ(repository_.asked_by_name, Texts());
  EXPECT_TRUE(repository_.tags.contains("develop-1"));
  EXPECT_EQ(result.counts().deleted(), 0u);
  EXPECT_EQ(result.counts().passed_over(), 1u);
}

// --- a DELETE that takes effect late, or is not settled ---

TEST_F(DeleteRepositoryTest, NothingIsWrittenWhileADeleteIsNotSettled) {
  const Digest one = repository_.Push("develop-1", "one");
  // Shares its image with a tag that stays: it would be removed alone.
  repository_.tags.insert_or_assign("develop-2", *kept_);
  repository_.on_delete = [&](const Digest&) {
    return std::optional(Outcome(ImageOutcome::Kind::kFailed, "HTTP 500"));
  };
  const TaskResult result = Run();
  EXPECT_EQ(Failures(result), Texts({"develop-1: HTTP 500"}));
  EXPECT_EQ(Of(result, Action::SKIPPED),
            Texts({"develop-2: what becomes of a DELETE in this repository is "
                   "not known; the next delete takes it up"}));
  EXPECT_EQ(repository_.done, Texts());
  // Whoever deletes here next needs it.
  EXPECT_EQ(intents_, Texts({"write after 0"}));
}

TEST_F(DeleteRepositoryTest, DanglingTagsWaitWhileADeleteIsNotSettled) {
  settings_.mutable_delete_policy()->set_dangling_tags(
      proto::DeletePolicy::REMOVE);
  repository_.tags.insert_or_assign("lost", Digest::Of("nowhere"));
  repository_.Push("develop-1", "one");
  repository_.on_delete = [&](const Digest&) {
    return std::optional(Outcome(ImageOutcome::Kind::kFailed, "HTTP 500"));
  };
  Run();
  EXPECT_EQ(repository_.done, Texts());
}

TEST_F(DeleteRepositoryTest, ATagMayGoAloneAfterAnImageThatWasRefused) {
  repository_.Push("develop-1", "one");
  repository_.tags.insert_or_assign("develop-2", *kept_);
  repository_.on_delete = [&](const Digest&) {
    return std::optional(Outcome(ImageOutcome::Kind::kRefused, "HTTP 403"));
  };
  Run();
  EXPECT_EQ(repository_.done, Texts({"develop-2"}));
}

// --- a removal that ends early ---

TEST_F(DeleteRepositoryTest, ReportsWhatIsGoneWhenTheRemovalEndsEarly) {
  const Digest child = repository_.Push("", "child");
  repository_.Push("develop-1", "index", {.children = {child}});
  repository_.tags.insert_or_assign("develop-2", *kept_);
  repository_.ends_removal = absl::CancelledError("the lease has ended");
  const TaskResult result = Run();
  EXPECT_EQ(result.problem().kind(), proto::Problem::CANCELLED);
  EXPECT_EQ(Of(result, Action::DONE).size(), 1u);
  EXPECT_EQ(result.counts().deleted(), 1u);
  // Neither the child nor the tag alone, and the intent stays.
  EXPECT_TRUE(repository_.manifests.contains(child));
  EXPECT_TRUE(repository_.tags.contains("develop-2"));
  EXPECT_EQ(intents_, Texts({"write after 0"}));
}

TEST_F(DeleteRepositoryTest, ReportsWhatIsGoneAlsoIfTheListingFailsThen) {
  repository_.Push("develop-1", "one");
  repository_.ends_removal = absl::CancelledError("the lease has ended");
  repository_.looks_back_at = absl::UnavailableError("HTTP 502");
  const TaskResult result = Run();
  EXPECT_EQ(result.problem().kind(), proto::Problem::CANCELLED);
  EXPECT_EQ(result.counts().deleted(), 1u);
  EXPECT_EQ(repository_.looks_back(), 1);
}

TEST_F(DeleteRepositoryTest, AListingThatFailsAfterwardsFailsTheTask) {
  repository_.Push("develop-1", "one");
  KnowThatTagsAreLeft();
  repository_.looks_back_at = absl::UnavailableError("HTTP 502");
  const TaskResult result = Run();
  EXPECT_EQ(result.problem().kind(), proto::Problem::TRANSIENT);
  EXPECT_EQ(result.counts().deleted(), 1u);
  EXPECT_EQ(intents_, Texts({"write after 0"}));
}

// --- a second plan ---

TEST_F(DeleteRepositoryTest, ASecondPlanSparesWhatIsAttachedSinceTheFirst) {
  const Digest refused = repository_.Push("develop-1", "one");
  const Digest late = repository_.Push("develop-2", "two");
  std::optional<Digest> attached;
  int deletes = 0;
  repository_.on_delete =
      [&](const Digest& digest) -> std::optional<ImageOutcome> {
    ++deletes;
    if (digest == refused) {
      return Outcome(ImageOutcome::Kind::kRefused, "HTTP 403");
    }
    if (digest == late && deletes <= 2) {
      attached = repository_.Push("", "signature", {.subject = refused});
      return Outcome(ImageOutcome::Kind::kTooLate, "too late");
    }
    return std::nullopt;
  };
  const TaskResult result = Run();
  EXPECT_EQ(Failures(result), Texts({"develop-1: HTTP 403"}));
  EXPECT_EQ(repository_.done, Texts({late.str()}));
  EXPECT_TRUE(repository_.manifests.contains(*attached));
}

TEST_F(DeleteRepositoryTest, ASecondPlanLeavesAnImageThatWasPushedAgain) {
  const Digest one = repository_.Push("develop-1", "one");
  const Digest late = repository_.Push("develop-2", "two");
  KnowThatTagsAreLeft();
  repository_.on_look_back = [&](int look) {
    if (look == 1) repository_.Push("develop-1", "one");
  };
  bool is_first = true;
  repository_.on_delete =
      [&](const Digest& digest) -> std::optional<ImageOutcome> {
    if (digest == late && std::exchange(is_first, false)) {
      return Outcome(ImageOutcome::Kind::kTooLate, "too late");
    }
    return std::nullopt;
  };
  Run();
  EXPECT_EQ(repository_.done, Texts({one.str(), late.str()}));
  EXPECT_TRUE(repository_.manifests.contains(one));
  EXPECT_EQ(Tags(), Texts({"1.0", "develop-1"}));
}

TEST_F(DeleteRepositoryTest, AnImageThatWentWithItsIndexIsDeletedByUs) {
  const Digest child = repository_.Push("develop-2", "child");
  repository_.Push("develop-1", "index", {.children = {child}});
  repository_.on_delete = [&](const Digest& digest) {
    if (digest != child) return std::optional<ImageOutcome>();
    repository_.manifests.erase(child);
    repository_.tags.erase("develop-2");
    return std::optional(Outcome(ImageOutcome::Kind::kWasGone));
  };
  const TaskResult result = Run();
  EXPECT_EQ(result.counts().passed_over(), 0u);
  EXPECT_EQ(result.counts().deleted(), 2u);
}

}  // namespace
}  // namespace registry_manager
