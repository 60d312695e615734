// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/intent.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/policy/attachment.h"
#include "common/reference/reference.h"
#include "worker/handlers/problem.h"

namespace registry_manager {
namespace {

using proto::Action;
using proto::Intent;

// Carries on with one intent.
class Finisher {
 public:
  Finisher(const Intent& intent, RepositoryDriver& driver,
           OutcomeBuilder& outcome)
      : intent_(intent), driver_(driver), outcome_(outcome) {}

  absl::Status Run() {
    absl::Status status = ReadWhatStays();
    if (!status.ok()) return status;
    std::vector<const Intent::Deletion*> deletions;
    for (const Intent::Deletion& deletion : intent_.deletions()) {
      deletions.push_back(&deletion);
    }
    std::stable_sort(
        deletions.begin(), deletions.end(),
        [](const auto* a, const auto* b) { return a->wave() < b->wave(); });
    for (const Intent::Deletion* deletion : deletions) {
      status = Finish(*deletion);
      if (!status.ok()) return status;
    }
    return RemoveDanglingTags();
  }

 private:
  // Every tag stays but the signature-like ones of the intent, so that what
  // any other reaches is not touched.
  absl::Status ReadWhatStays() {
    absl::StatusOr<TagStates> states = driver_.ReadTagStates();
    if (!states.ok()) return states.status();
    states_ = *std::move(states);
    std::vector<std::string> going;
    for (const Intent::Deletion& deletion : intent_.deletions()) {
      for (const std::string& tag : deletion.tags()) {
        if (IsSignatureLikeTag(tag) && Bears(tag, deletion.digest())) {
          going.push_back(tag);
        }
      }
    }
    absl::StatusOr<SnapshotReader::Result> read =
        driver_.ReadSnapshot(states_, going);
    if (!read.ok()) return read.status();
    const DeletePlan plan = PlanDeletion(read->snapshot, going);
    staying_.insert(plan.kept.begin(), plan.kept.end());
    return absl::OkStatus();
  }

  bool Bears(const std::string& tag, const std::string& digest) const {
    const auto state = states_.find(tag);
    return state != states_.end() && state->second.digest &&
           state->second.digest->str() == digest;
  }

  absl::Status Finish(const Intent::Deletion& deletion) {
    absl::StatusOr<Digest> digest = Digest::Parse(deletion.digest());
    if (!digest.ok() || staying_.contains(*digest) ||
        deletion.attached_to().empty()) {
      return absl::OkStatus();
    }
    for (const std::string& tag : deletion.tags()) {
      if (!IsSignatureLikeTag(tag)) return absl::OkStatus();
    }
    for (const std::string& leader : deletion.attached_to()) {
      absl::StatusOr<Digest> led_by = Digest::Parse(leader);
      if (!led_by.ok()) return absl::OkStatus();
      absl::StatusOr<bool> there = driver_.HasManifest(*led_by);
      if (!there.ok()) return there.status();
      if (*there) return absl::OkStatus();
    }
    return Delete(deletion, *digest);
  }

  absl::Status Delete(const Intent::Deletion& deletion, const Digest& digest) {
    absl::StatusOr<bool> there = driver_.HasManifest(digest);
    if (!there.ok() || !*there) return there.status();
    const absl::Status status = driver_.Delete(digest);
    if (EndsTask(status)) return status;
    const Action::Result result = status.ok() ? Action::DONE : Action::FAILED;
    const std::string reason =
        status.ok() ? "left over from a deletion that was cut short"
                    : ReasonOf(status);
    if (deletion.tags().empty()) {
      outcome_.Add(MakeAction(Action::DELETE_MANIFEST, result, digest.str(),
                              digest.str(), reason));
    }
    for (const std::string& tag : deletion.tags()) {
      outcome_.Add(
          MakeAction(Action::DELETE_TAG, result, tag, digest.str(), reason));
    }
    return absl::OkStatus();
  }

  absl::Status RemoveDanglingTags() {
    std::set<std::string> intended;
    for (const Intent::Deletion& deletion : intent_.deletions()) {
      intended.insert(deletion.tags().begin(), deletion.tags().end());
    }
    for (const Intent::Removal& removal : intent_.removals()) {
      intended.insert(removal.tag());
    }
    absl::StatusOr<TagStates> states = driver_.ReadTagStatesOf(intended);
    if (!states.ok()) return states.status();
    std::vector<TagToRemove> dangling;
    for (const auto& [tag, state] : *states) {
      if (state.kind == TagState::Kind::kDangling) {
        dangling.push_back({tag, std::nullopt});
      }
    }
    absl::StatusOr<std::vector<TagRemovalOutcome>> removed =
        driver_.RemoveTags(dangling);
    if (!removed.ok()) return removed.status();
    for (const TagRemovalOutcome& removal : *removed) {
      if (EndsTask(removal.status)) return removal.status;
      const bool failed = removal.kind == TagRemovalOutcome::Kind::kFailed;
      outcome_.Add(
          MakeAction(Action::DELETE_TAG, failed ? Action::FAILED : Action::DONE,
                     removal.tag, "",
                     failed ? ReasonOf(removal.status)
                            : "left over from a deletion that was cut short"));
    }
    return absl::OkStatus();
  }

  const Intent& intent_;
  RepositoryDriver& driver_;
  OutcomeBuilder& outcome_;
  TagStates states_;
  std::set<Digest> staying_;
};

}  // namespace

Intent IntentOf(const RepositorySnapshot& snapshot, const DeletePlan& plan,
                const std::vector<std::string>& dangling) {
  std::map<Digest, std::vector<Digest>> leaders;
  const Attachments attachments(snapshot);
  for (const DigestDeletion& deletion : plan.deletions) {
    for (const Digest& attached : attachments.Of(deletion.digest)) {
      leaders[attached].push_back(deletion.digest);
    }
  }
  Intent intent;
  for (const DigestDeletion& deletion : plan.deletions) {
    Intent::Deletion& entry = *intent.add_deletions();
    entry.set_digest(deletion.digest.str());
    entry.set_wave(deletion.wave);
    for (const std::string& tag : deletion.tags) entry.add_tags(tag);
    for (const Digest& leader : leaders[deletion.digest]) {
      entry.add_attached_to(leader.str());
    }
  }
  for (const TagRemoval& removal : plan.removals) {
    Intent::Removal& entry = *intent.add_removals();
    entry.set_tag(removal.tag);
    entry.set_digest(removal.digest.str());
  }
  for (const std::string& tag : dangling) intent.add_removals()->set_tag(tag);
  return intent;
}

absl::Status FinishIntent(const Intent& intent, RepositoryDriver& driver,
                          OutcomeBuilder& outcome) {
  return Finisher(intent, driver, outcome).Run();
}

}  // namespace registry_manager
