// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/waves.h"

#include <cstddef>
#include <set>
#include <utility>

#include "common/reference/digest.h"

namespace registry_manager {
namespace {

using Kind = ImageOutcome::Kind;

bool Stays(const ImageOutcome& outcome) {
  return outcome.kind == Kind::kRefused || outcome.kind == Kind::kFailed;
}

}  // namespace

RemovalOutcome DeleteInWaves(const std::vector<ImageToDelete>& images,
                             const DeleteWave& delete_wave) {
  RemovalOutcome outcome;
  outcome.images.resize(images.size());
  std::set<Digest> spared;
  bool came_too_late = false;
  for (size_t next = 0;
       next < images.size() && outcome.status.ok() && !came_too_late;) {
    std::vector<ImageToDelete> wave;
    std::vector<size_t> places;
    for (const int number = images[next].wave;
         next < images.size() && images[next].wave == number; ++next) {
      // Guard: image-that-stays-spares-what-it-leads-to
      if (spared.contains(images[next].digest)) {
        outcome.images[next].kind = Kind::kSpared;
        continue;
      }
      wave.push_back(images[next]);
      places.push_back(next);
    }
    if (wave.empty()) continue;
    std::vector<ImageOutcome> outcomes(wave.size());
    outcome.status = delete_wave(wave, outcomes);
    for (size_t i = 0; i < wave.size(); ++i) {
      came_too_late |= outcomes[i].kind == Kind::kTooLate;
      if (Stays(outcomes[i])) {
        spared.insert(wave[i].leads_to.begin(), wave[i].leads_to.end());
      }
      outcome.images[places[i]] = std::move(outcomes[i]);
    }
  }
  return outcome;
}

}  // namespace registry_manager
