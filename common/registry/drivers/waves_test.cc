// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/waves.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/reference/digest.h"

namespace registry_manager {
namespace {

using Kind = ImageOutcome::Kind;
using Kinds = std::vector<Kind>;

class WavesTest : public testing::Test {
 protected:
  // An image of the wave that leads to others directly.
  void Add(const std::string& name, int wave,
           const std::vector<std::string>& leads_to = {}) {
    plan_.images.push_back({Digest::Of(name), {}, wave});
    Lead(name, leads_to);
  }
  void Lead(const std::string& name, const std::vector<std::string>& to) {
    for (const std::string& other : to) {
      plan_.leads_to[Digest::Of(name)].push_back(Digest::Of(other));
    }
  }

  // Each image gets the kind that stands for it here, or is deleted.
  Kinds Run(const std::vector<std::pair<std::string, Kind>>& outcomes,
            const absl::Status& status = absl::OkStatus()) {
    outcome_ =
        DeleteInWaves(plan_, [&](const std::vector<const ImageToDelete*>& wave,
                                 std::vector<ImageOutcome>& wave_outcomes) {
          sizes_.push_back(wave.size());
          for (size_t i = 0; i < wave.size(); ++i) {
            wave_outcomes[i].kind = Kind::kDeleted;
            wave_outcomes[i].untagged = {wave[i]->digest.str()};
            for (const auto& [name, kind] : outcomes) {
              if (wave[i]->digest == Digest::Of(name)) {
                wave_outcomes[i].kind = kind;
              }
            }
          }
          return status;
        });
    Kinds kinds;
    for (const ImageOutcome& one : outcome_.images) kinds.push_back(one.kind);
    return kinds;
  }

  RemovalPlan plan_;
  RemovalOutcome outcome_;
  // The number of images in each wave that was carried out.
  std::vector<size_t> sizes_;
};

TEST_F(WavesTest, AsksForNothingWithoutImages) {
  EXPECT_EQ(Run({}), Kinds({}));
  EXPECT_TRUE(sizes_.empty());
}

TEST_F(WavesTest, AsksOncePerWave) {
  Add("index", 0, {"child"});
  Add("image", 0);
  Add("child", 1);
  EXPECT_EQ(Run({}), Kinds({Kind::kDeleted, Kind::kDeleted, Kind::kDeleted}));
  EXPECT_EQ(sizes_, std::vector<size_t>({2, 1}));
}

TEST_F(WavesTest, AnImageThatIsRefusedSparesAllThatItLeadsTo) {
  Add("index", 0, {"child", "signature"});
  Add("child", 1, {"signature"});
  Add("other", 1);
  Add("signature", 2);
  EXPECT_EQ(
      Run({{"index", Kind::kRefused}}),
      Kinds({Kind::kRefused, Kind::kSpared, Kind::kDeleted, Kind::kSpared}));
  EXPECT_EQ(sizes_, std::vector<size_t>({1, 1}));
}

TEST_F(WavesTest, SparesThroughManifestsThatAreNotDeleted) {
  Add("index", 0, {"kept"});
  Lead("kept", {"signature"});
  Add("signature", 1);
  EXPECT_EQ(Run({{"index", Kind::kRefused}}),
            Kinds({Kind::kRefused, Kind::kSpared}));
}

TEST_F(WavesTest, ManifestsThatLeadToEachOtherEnd) {
  Add("one", 0, {"two"});
  Add("two", 1, {"one"});
  EXPECT_EQ(Run({{"one", Kind::kRefused}}),
            Kinds({Kind::kRefused, Kind::kSpared}));
}

TEST_F(WavesTest, AnOutcomeBelongsToItsImageAlsoBesideSparedOnes) {
  Add("index", 0, {"child"});
  Add("child", 1);
  Add("other", 1);
  Run({{"index", Kind::kRefused}});
  EXPECT_EQ(outcome_.images[2].untagged,
            std::vector<std::string>({Digest::Of("other").str()}));
  EXPECT_TRUE(outcome_.images[1].untagged.empty());
}

TEST_F(WavesTest, AnImageThatNobodySpeaksOfEndsTheRemovalAndSpares) {
  Add("index", 0, {"child"});
  Add("child", 1);
  EXPECT_EQ(Run({{"index", Kind::kNotTried}}),
            Kinds({Kind::kNotTried, Kind::kNotTried}));
  EXPECT_FALSE(outcome_.status.ok());
}

TEST_F(WavesTest, AnImageThatMayGoLaterSparesToo) {
  Add("index", 0, {"child"});
  Add("child", 1);
  EXPECT_EQ(Run({{"index", Kind::kFailed}}),
            Kinds({Kind::kFailed, Kind::kSpared}));
}

TEST_F(WavesTest, AnImageThatSomebodyElseDeletedSparesNothing) {
  Add("index", 0, {"child"});
  Add("child", 1);
  EXPECT_EQ(Run({{"index", Kind::kWasGone}}),
            Kinds({Kind::kWasGone, Kind::kDeleted}));
  EXPECT_TRUE(AllAreGone(outcome_.images));
}

TEST_F(WavesTest, NoWaveFollowsOneThatCameTooLate) {
  Add("one", 0);
  Add("two", 0);
  Add("three", 1);
  EXPECT_EQ(Run({{"two", Kind::kTooLate}}),
            Kinds({Kind::kDeleted, Kind::kTooLate, Kind::kNotTried}));
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_FALSE(AllAreGone(outcome_.images));
}

TEST_F(WavesTest, NoWaveFollowsOneThatEndedTheRemoval) {
  Add("one", 0);
  Add("two", 1);
  EXPECT_EQ(Run({}, absl::CancelledError("enough")),
            Kinds({Kind::kDeleted, Kind::kNotTried}));
  EXPECT_EQ(outcome_.status, absl::CancelledError("enough"));
}

}  // namespace
}  // namespace registry_manager
