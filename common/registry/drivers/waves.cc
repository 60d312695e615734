// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/waves.h"

#include <cstddef>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "common/reference/digest.h"

namespace registry_manager {
namespace {

using Kind = ImageOutcome::Kind;

// An image about which nothing is known may stay.
bool MayStay(const ImageOutcome& outcome) {
  return outcome.kind == Kind::kRefused || outcome.kind == Kind::kFailed ||
         outcome.kind == Kind::kNotTried;
}

void Spare(const Digest& image, const RemovalPlan& plan,
           absl::flat_hash_set<Digest>& spared) {
  std::vector<Digest> reached = {image};
  while (!reached.empty()) {
    const auto next = plan.leads_to.find(reached.back());
    reached.pop_back();
    if (next == plan.leads_to.end()) continue;
    for (const Digest& digest : next->second) {
      if (spared.insert(digest).second) reached.push_back(digest);
    }
  }
}

// A wave of the plan that begins at `next`, which is moved behind it.
std::vector<size_t> TakeWave(const RemovalPlan& plan, size_t& next,
                             const absl::flat_hash_set<Digest>& spared,
                             RemovalOutcome& outcome) {
  std::vector<size_t> places;
  for (const int number = plan.images[next].wave;
       next < plan.images.size() && plan.images[next].wave == number; ++next) {
    // Guard: image-that-stays-spares-what-it-leads-to
    if (spared.contains(plan.images[next].digest)) {
      outcome.images[next].kind = Kind::kSpared;
    } else {
      places.push_back(next);
    }
  }
  return places;
}

}  // namespace

RemovalOutcome DeleteInWaves(const RemovalPlan& plan,
                             const DeleteWave& delete_wave) {
  RemovalOutcome outcome;
  outcome.images.resize(plan.images.size());
  absl::flat_hash_set<Digest> spared;
  bool came_too_late = false;
  for (size_t next = 0;
       next < plan.images.size() && outcome.status.ok() && !came_too_late;) {
    const std::vector<size_t> places = TakeWave(plan, next, spared, outcome);
    if (places.empty()) continue;
    std::vector<const ImageToDelete*> wave;
    for (size_t place : places) wave.push_back(&plan.images[place]);
    std::vector<ImageOutcome> outcomes(wave.size());
    outcome.status = delete_wave(wave, outcomes);
    outcomes.resize(wave.size());
    bool all_tried = true;
    for (size_t i = 0; i < wave.size(); ++i) {
      came_too_late |= outcomes[i].kind == Kind::kTooLate;
      all_tried &= outcomes[i].kind != Kind::kNotTried;
      if (MayStay(outcomes[i])) Spare(wave[i]->digest, plan, spared);
      outcome.images[places[i]] = std::move(outcomes[i]);
    }
    if (!all_tried && !came_too_late) {
      outcome.status.Update(absl::InternalError(
          "what became of an image that was to be deleted is not known"));
    }
  }
  return outcome;
}

bool AllAreGone(const std::vector<ImageOutcome>& images) {
  return absl::c_all_of(images, [](const ImageOutcome& image) {
    return image.kind == Kind::kDeleted || image.kind == Kind::kWasGone;
  });
}

}  // namespace registry_manager
