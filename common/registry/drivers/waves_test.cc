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
  // An image of the wave that leads to others.
  void Add(const std::string& name, int wave,
           const std::vector<std::string>& leads_to = {}) {
    ImageToDelete image{Digest::Of(name), {}, wave};
    for (const std::string& other : leads_to) {
      image.leads_to.push_back(Digest::Of(other));
    }
    images_.push_back(std::move(image));
  }

  // Each image gets the kind that stands for it here, or is deleted.
  Kinds Run(const std::vector<std::pair<std::string, Kind>>& outcomes,
            const absl::Status& status = absl::OkStatus()) {
    const RemovalOutcome outcome =
        DeleteInWaves(images_, [&](const std::vector<ImageToDelete>& wave,
                                   std::vector<ImageOutcome>& wave_outcomes) {
          sizes_.push_back(wave.size());
          for (size_t i = 0; i < wave.size(); ++i) {
            wave_outcomes[i].kind = Kind::kDeleted;
            for (const auto& [name, kind] : outcomes) {
              if (wave[i].digest == Digest::Of(name)) {
                wave_outcomes[i].kind = kind;
              }
            }
          }
          return status;
        });
    EXPECT_EQ(outcome.status, status);
    Kinds kinds;
    for (const ImageOutcome& one : outcome.images) kinds.push_back(one.kind);
    return kinds;
  }

  std::vector<ImageToDelete> images_;
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
}

TEST_F(WavesTest, NoWaveFollowsOneThatCameTooLate) {
  Add("one", 0);
  Add("two", 0);
  Add("three", 1);
  EXPECT_EQ(Run({{"two", Kind::kTooLate}}),
            Kinds({Kind::kDeleted, Kind::kTooLate, Kind::kNotTried}));
}

TEST_F(WavesTest, NoWaveFollowsOneThatEndedTheRemoval) {
  Add("one", 0);
  Add("two", 1);
  EXPECT_EQ(Run({}, absl::CancelledError("enough")),
            Kinds({Kind::kDeleted, Kind::kNotTried}));
}

}  // namespace
}  // namespace registry_manager
