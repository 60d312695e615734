// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/deletion_planner.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "common/registry/drivers/testing/fake_driver.h"

namespace registry_manager {
namespace {

using Texts = std::vector<std::string>;

class DeletionPlannerTest : public testing::Test {
 protected:
  DeletionPlannerTest() {
    entry_.set_repository("app");
    entry_.set_whole(true);
    policy_.mutable_include()->add_keys("develop");
  }

  DeletionPlanner Planner() {
    DeletionPlanner planner(policy_, entry_, &driver_, [this] { return now_; });
    planner.Remember(earlier_);
    return planner;
  }
  absl::StatusOr<PlannedDeletion> Plan() {
    return Planner().Plan(*driver_.ReadTagStates(), now_);
  }
  // Plans; then `meanwhile` happens; then plans again.
  absl::StatusOr<PlannedDeletion> PlanTwice(
      const std::function<void()>& meanwhile) {
    DeletionPlanner planner = Planner();
    const absl::StatusOr<PlannedDeletion> first =
        planner.Plan(*driver_.ReadTagStates(), now_);
    EXPECT_TRUE(first.ok()) << first.status();
    meanwhile();
    return planner.PlanAgain(*first);
  }

  static Texts Doomed(const PlannedDeletion& planned) {
    Texts tags;
    for (const auto& [tag, reason] : planned.doomed) tags.push_back(tag);
    return tags;
  }
  static std::vector<Digest> Deletions(const PlannedDeletion& planned) {
    std::vector<Digest> digests;
    for (const DigestDeletion& one : planned.plan.deletions) {
      digests.push_back(one.digest);
    }
    return digests;
  }
  static Texts Removals(const PlannedDeletion& planned) {
    Texts tags;
    for (const TagRemoval& one : planned.plan.removals) {
      tags.push_back(one.tag);
    }
    return tags;
  }

  absl::Time now_ = absl::FromUnixSeconds(1000000);
  FakeRepository repository_{[this] { return now_; }};
  FakeRepositoryDriver driver_{&repository_};
  proto::DeletePolicy policy_;
  proto::RepositoryEntry entry_;
  proto::Intent earlier_;
};

TEST_F(DeletionPlannerTest, DoomsWhatTheRulesDoomAndKeepsTheRest) {
  repository_.Push("1.0", "kept");
  const Digest one = repository_.Push("develop-1", "one");
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(Doomed(*planned), Texts({"develop-1"}));
  EXPECT_EQ(Deletions(*planned), std::vector<Digest>({one}));
  EXPECT_TRUE(planned->kept.contains("1.0"));
  EXPECT_EQ(planned->looked_at, now_);
}

TEST_F(DeletionPlannerTest, ADoomedTagOnAKeptImageIsRemovedAlone) {
  const Digest shared = repository_.Push("1.0", "shared");
  repository_.tags.insert_or_assign("develop-1", shared);
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(Removals(*planned), Texts({"develop-1"}));
  EXPECT_TRUE(Deletions(*planned).empty());
}

TEST_F(DeletionPlannerTest, ADoomedTagOnAKeptImageStaysIfTheConfigSaysSo) {
  policy_.set_shared_digest(proto::DeletePolicy::KEEP_SHARED);
  const Digest shared = repository_.Push("1.0", "shared");
  repository_.tags.insert_or_assign("develop-1", shared);
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_TRUE(planned->empty());
  EXPECT_TRUE(planned->kept.contains("develop-1"));
  ASSERT_EQ(planned->notes.size(), 1u);
  EXPECT_TRUE(absl::StrContains(planned->notes[0], "shared-digest: keep"));
}

TEST_F(DeletionPlannerTest, ARetryDoomsOnlyTheTagsThatItAsksFor) {
  repository_.Push("develop-1", "one");
  repository_.Push("develop-2", "two");
  entry_.add_only("develop-2");
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(Doomed(*planned), Texts({"develop-2"}));
}

// --- dangling tags ---

TEST_F(DeletionPlannerTest, ADanglingTagStopsUnlessTheConfigSaysOtherwise) {
  repository_.Push("develop-1", "one");
  repository_.tags.insert_or_assign("lost", Digest::Of("nowhere"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Plan().status()));
  policy_.set_dangling_tags(proto::DeletePolicy::KEEP_DANGLING);
  EXPECT_TRUE(Plan()->dangling.empty());
  policy_.set_dangling_tags(proto::DeletePolicy::REMOVE);
  EXPECT_EQ(Plan()->dangling, Texts({"lost"}));
}

TEST_F(DeletionPlannerTest, ADanglingTagThatTheEntryDoesNotCoverStays) {
  policy_.set_dangling_tags(proto::DeletePolicy::REMOVE);
  repository_.tags.insert_or_assign("lost", Digest::Of("nowhere"));
  repository_.tags.insert_or_assign("named", Digest::Of("nowhere"));
  entry_.set_whole(false);
  entry_.add_named("named");
  EXPECT_EQ(Plan()->dangling, Texts({"named"}));
}

TEST_F(DeletionPlannerTest, ATagThatAnEarlierAttemptLeftDanglingIsOurs) {
  repository_.Push("1.0", "kept");
  repository_.tags.insert_or_assign("develop-1", Digest::Of("deleted"));
  proto::Intent::Deletion& deletion = *earlier_.add_deletions();
  deletion.set_digest(Digest::Of("deleted").str());
  deletion.add_tags("develop-1");
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(planned->dangling, Texts({"develop-1"}));
}

// --- what an earlier attempt was about to do ---

TEST_F(DeletionPlannerTest, FinishesAnImageWhoseTagsHaveGoneAlready) {
  repository_.Push("1.0", "kept");
  const Digest left = repository_.Push("", "left");
  proto::Intent::Deletion& deletion = *earlier_.add_deletions();
  deletion.set_digest(left.str());
  deletion.set_root(true);
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(Deletions(*planned), std::vector<Digest>({left}));
}

TEST_F(DeletionPlannerTest, AnImageOfAnEarlierAttemptThatSomebodyTaggedStays) {
  repository_.Push("1.0", "kept");
  const Digest taken = repository_.Push("2.0", "taken");
  proto::Intent::Deletion& deletion = *earlier_.add_deletions();
  deletion.set_digest(taken.str());
  deletion.set_root(true);
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_TRUE(planned->empty());
}

TEST_F(DeletionPlannerTest, TellsOfATagRemovedAloneWhoseImageIsGone) {
  repository_.Push("1.0", "kept");
  const Digest there = repository_.Push("", "still there");
  for (const auto& [tag, digest] :
       {std::pair("lost", Digest::Of("gone")), std::pair("fine", there)}) {
    proto::Intent::Removal& removal = *earlier_.add_removals();
    removal.set_tag(tag);
    removal.set_digest(digest.str());
  }
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  const auto lost = Planner().LostRemovals(*planned);
  ASSERT_TRUE(lost.ok()) << lost.status();
  ASSERT_EQ(lost->size(), 1u);
  EXPECT_EQ((*lost)[0].tag, "lost");
}

// --- the second look ---

TEST_F(DeletionPlannerTest, PassesOverATagThatMoved) {
  repository_.Push("develop-1", "one");
  const auto planned =
      PlanTwice([this] { repository_.Push("develop-1", "somebody's"); });
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(planned->passed_over, std::set<std::string>({"develop-1"}));
  EXPECT_TRUE(planned->empty());
}

TEST_F(DeletionPlannerTest, PassesOverATagThatSomebodyElseRemoved) {
  repository_.Push("develop-1", "one");
  const auto planned =
      PlanTwice([this] { repository_.tags.erase("develop-1"); });
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(planned->passed_over, std::set<std::string>({"develop-1"}));
}

TEST_F(DeletionPlannerTest, ANewTagIsNotDoomedAndProtectsItsImage) {
  const Digest one = repository_.Push("develop-1", "one");
  const auto planned =
      PlanTwice([&] { repository_.tags.insert_or_assign("develop-2", one); });
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(Doomed(*planned), Texts({"develop-1"}));
  EXPECT_EQ(Removals(*planned), Texts({"develop-1"}));
  EXPECT_TRUE(Deletions(*planned).empty());
}

TEST_F(DeletionPlannerTest, SomethingAttachedSinceGoesWithItsImage) {
  const Digest one = repository_.Push("develop-1", "one");
  Digest signature = one;
  const auto planned = PlanTwice(
      [&] { signature = repository_.Push("", "signature", {.subject = one}); });
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(Deletions(*planned), std::vector<Digest>({one, signature}));
}

// --- manifests that are not handed out by their digests ---

TEST_F(DeletionPlannerTest, ATagOnAManifestThatIsNotThereStops) {
  repository_.answers_for_deleted = true;
  repository_.Push("develop-1", "one");
  repository_.tags.insert_or_assign("1.0", Digest::Of("nowhere"));
  const absl::Status status = Plan().status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "tag 1.0"));
}

TEST_F(DeletionPlannerTest, LooksAgainIfATagVanishedWithItsManifest) {
  repository_.answers_for_deleted = true;
  repository_.Push("1.0", "kept");
  repository_.Push("develop-1", "one");
  repository_.tags.insert_or_assign("develop-2", Digest::Of("deleted"));
  repository_.on_look = [this](int look) {
    if (look == 2) repository_.tags.erase("develop-2");
  };
  const auto planned = Plan();
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(Doomed(*planned), Texts({"develop-1"}));
  EXPECT_EQ(planned->passed_over, std::set<std::string>({"develop-2"}));
}

}  // namespace
}  // namespace registry_manager
