// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/deletion_planner.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/reference/reference.h"
#include "worker/handlers/tag_rules_of.h"

namespace registry_manager {
namespace {

// Somebody else may work in the repository, but not for ever.
constexpr int kMaxLooks = 4;

std::vector<std::string> Texts(
    const google::protobuf::RepeatedPtrField<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

// The tags that the rules, or the config by name, may doom.
std::vector<std::string> JudgedTags(const TagStates& states,
                                    const DeletionRequest& request) {
  std::vector<std::string> tags;
  for (const auto& [tag, state] : states) {
    const bool named = std::find(request.named.begin(), request.named.end(),
                                 tag) != request.named.end();
    if (state.digest && (named || !IsSignatureLikeTag(tag))) {
      tags.push_back(tag);
    }
  }
  return tags;
}

void NoteDanglingLeft(const std::vector<std::string>& tags,
                      PlannedDeletion& planned) {
  if (tags.empty()) return;
  planned.notes.push_back(absl::StrCat("dangling, and left: ", FirstFew(tags)));
}

void NoteUndated(const std::vector<std::string>& tags,
                 PlannedDeletion& planned) {
  if (tags.empty()) return;
  planned.notes.push_back(absl::StrCat(
      tags.size(), tags.size() == 1 ? " candidate bears" : " candidates bear",
      " no date (or one before 2000) and ", tags.size() == 1 ? "stays" : "stay",
      ": ", FirstFew(tags),
      "; undated: oldest would count such as the oldest"));
}

// Somebody moved or removed the tag between two looks.
bool IsPassedOver(const std::string& tag, const TagStates& before,
                  const TagStates& now) {
  const auto state = now.find(tag);
  if (state == now.end()) return true;
  return state->second.digest && state->second.digest != before.at(tag).digest;
}

absl::Status CannotBeFound(const std::string& tag, const TagStates& states) {
  return absl::DataLossError(absl::StrCat(
      "tag ", tag, " points at ", states.at(tag).digest->str(),
      ", which the registry does not hand out by its digest; nothing is "
      "deleted from this repository; push the image again, or delete that tag "
      "by hand"));
}

// If nothing is deleted, tags that follow another image stay.
void KeepSignatures(PlannedDeletion& planned) {
  for (const auto& [tag, state] : planned.states) {
    if (state.digest && IsSignatureLikeTag(tag)) {
      planned.kept.try_emplace(
          tag, "it follows its subject, and nothing is deleted here");
    }
  }
}

}  // namespace

std::string FirstFew(const std::vector<std::string>& tags) {
  constexpr size_t kFew = 10;
  if (tags.size() <= kFew) return absl::StrJoin(tags, ", ");
  return absl::StrCat(absl::StrJoin(tags.begin(), tags.begin() + kFew, ", "),
                      " and ", tags.size() - kFew, " more");
}

std::string NeededBy(const TagRemoval& removal) {
  return removal.protected_by.empty() ? "what it is attached to"
                                      : removal.protected_by;
}

DeletionPlanner::DeletionPlanner(const proto::DeletePolicy& policy,
                                 const proto::RepositoryEntry& entry,
                                 RepositoryDriver* driver,
                                 std::function<absl::Time()> now)
    : policy_(policy), entry_(entry), driver_(driver), now_(std::move(now)) {}

absl::StatusOr<PlannedDeletion> DeletionPlanner::Plan(TagStates states,
                                                      absl::Time looked_at) {
  return PlanWith(
      [this](PlannedDeletion& planned) { return DoomByRules(planned); },
      std::move(states), looked_at);
}

absl::Status DeletionPlanner::DoomByRules(PlannedDeletion& planned) {
  ASSIGN_OR_RETURN(DeletionSelection selection, Select(planned.states));
  if (entry_.only_size() > 0) Restrict(selection);
  for (SelectedTag& tag : selection.tags) {
    auto& reasons = tag.doomed ? planned.doomed : planned.kept;
    reasons[tag.tag] = std::move(tag.reason);
    if (tag.rank > 0) planned.ranks[tag.tag] = tag.rank;
  }
  planned.unreadable = std::move(selection.unreadable);
  NoteUndated(selection.undated, planned);
  planned.warnings = std::move(selection.warnings);
  for (const std::string& tag : selection.named_but_absent) {
    planned.notes.push_back(
        absl::StrCat("tag ", tag, " is not there (any more)"));
  }
  return absl::OkStatus();
}

absl::StatusOr<PlannedDeletion> DeletionPlanner::PlanAgain(
    const PlannedDeletion& earlier) {
  const absl::Time looked_at = now_();
  ASSIGN_OR_RETURN(TagStates states, driver_->ReadTagStates());
  for (const std::string& tag : earlier.dangling) {
    const std::optional<Digest>& ghost = earlier.states.at(tag).ghost;
    const auto now = states.find(tag);
    if (!ghost || now == states.end() || now->second.digest != ghost) continue;
    now->second = earlier.states.at(tag);
  }
  const auto doom_again = [&earlier](PlannedDeletion& planned) {
    for (const auto& [tag, reason] : earlier.doomed) {
      const auto now = planned.states.find(tag);
      const auto then = earlier.states.find(tag);
      if (now != planned.states.end() &&
          now->second.digest == then->second.digest) {
        planned.doomed[tag] = reason;
      } else {
        planned.passed_over.insert(tag);
      }
    }
    return absl::OkStatus();
  };
  return PlanWith(doom_again, std::move(states), looked_at);
}

absl::StatusOr<PlannedDeletion> DeletionPlanner::PlanWith(
    const Doom& doom, TagStates states, absl::Time looked_at) {
  std::set<std::string> passed_over;
  for (int look = 1;; ++look) {
    PlannedDeletion planned;
    planned.looked_at = looked_at;
    planned.states = std::move(states);
    std::vector<std::string> lost;
    absl::Status status = TakeDangling(planned);
    if (status.ok()) status = doom(planned);
    if (status.ok()) status = MakePlan(planned, lost);
    if (!status.ok()) return status;
    if (lost.empty()) {
      planned.passed_over.merge(passed_over);
      return planned;
    }
    looked_at = now_();
    ASSIGN_OR_RETURN(TagStates again, driver_->ReadTagStates());
    const std::optional<std::string> still =
        TakeGhosts(lost, planned.states, again);
    if (still || look == kMaxLooks) {
      return CannotBeFound(still.value_or(lost.front()), planned.states);
    }
    for (const auto& [tag, reason] : planned.doomed) {
      if (IsPassedOver(tag, planned.states, again)) passed_over.insert(tag);
    }
    states = std::move(again);
  }
}

std::optional<std::string> DeletionPlanner::TakeGhosts(
    const std::vector<std::string>& lost, const TagStates& before,
    TagStates& states) const {
  for (const std::string& tag : lost) {
    const auto now = states.find(tag);
    const std::optional<Digest>& digest = before.at(tag).digest;
    if (now == states.end() || now->second.digest != digest) continue;
    if (!earlier_.tags.contains(tag)) return tag;
    now->second = {TagState::Kind::kDangling, std::nullopt, "", digest};
  }
  return std::nullopt;
}

void DeletionPlanner::Restrict(DeletionSelection& selection) const {
  for (SelectedTag& tag : selection.tags) {
    if (!tag.doomed || IsAsked(tag.tag)) continue;
    tag.doomed = false;
    tag.reason = "not among the failed actions that are tried again";
  }
  selection.named_but_absent.clear();
}

bool DeletionPlanner::IsAsked(const std::string& tag) const {
  return entry_.only_size() == 0 ||
         std::find(entry_.only().begin(), entry_.only().end(), tag) !=
             entry_.only().end();
}

bool DeletionPlanner::IsCovered(const std::string& tag) const {
  return entry_.whole() ||
         std::find(entry_.named().begin(), entry_.named().end(), tag) !=
             entry_.named().end();
}

absl::Status DeletionPlanner::TakeDangling(PlannedDeletion& planned) const {
  std::vector<std::string> dangling, half_removed;
  for (const auto& [tag, state] : planned.states) {
    if (state.kind == TagState::Kind::kDangling) {
      const bool ours = earlier_.tags.contains(tag);
      (ours ? planned.dangling : dangling).push_back(tag);
    }
    if (state.kind == TagState::Kind::kHalfRemoved) half_removed.push_back(tag);
  }
  if (!half_removed.empty()) {
    planned.notes.push_back(
        absl::StrCat("half removed, to be finished by the next delete: ",
                     FirstFew(half_removed)));
  }
  if (dangling.empty()) return absl::OkStatus();
  switch (policy_.dangling_tags()) {
    case proto::DeletePolicy::REMOVE: {
      std::vector<std::string> left;
      for (const std::string& tag : dangling) {
        const bool goes = IsAsked(tag) && IsCovered(tag);
        (goes ? planned.dangling : left).push_back(tag);
      }
      NoteDanglingLeft(left, planned);
      return absl::OkStatus();
    }
    case proto::DeletePolicy::KEEP_DANGLING:
      NoteDanglingLeft(dangling, planned);
      return absl::OkStatus();
    default:
      return absl::FailedPreconditionError(absl::StrCat(
          "dangling tags, whose images the registry has lost: ",
          FirstFew(dangling),
          "; nothing is deleted from this repository; say in the config "
          "dangling-tags: remove (take them away) or keep (leave them)"));
  }
}

absl::StatusOr<DeletionSelection> DeletionPlanner::Select(
    const TagStates& states) {
  ASSIGN_OR_RETURN(TagRules rules, TagRulesOf(policy_));
  DeletionRequest request;
  request.whole_repository = entry_.whole();
  request.named = Texts(entry_.named());
  request.mix_count = static_cast<int>(policy_.mix_count());
  request.undated_is_oldest = policy_.undated_is_oldest();
  const std::vector<std::string> tags = JudgedTags(states, request);
  const std::vector<std::string> to_date = TagsToDate(tags, rules, request);
  return SelectForDeletion(tags, rules, request,
                           driver_->ReadCreationTimes(states, to_date));
}

absl::Status DeletionPlanner::FindGone(PlannedDeletion& planned,
                                       std::vector<Digest>& left) const {
  absl::flat_hash_set<Digest> tagged;
  for (const auto& [tag, state] : planned.states) {
    if (state.digest) tagged.insert(*state.digest);
  }
  std::vector<Digest> untagged;
  for (const IntendedDeletion& one : earlier_.deletions) {
    if (!tagged.contains(one.digest)) untagged.push_back(one.digest);
  }
  const auto missing = driver_->Missing(untagged);
  if (!missing.ok()) return missing.status();
  for (Digest& digest : untagged) {
    (missing->contains(digest) ? planned.gone : left)
        .push_back(std::move(digest));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ResolvedTag>> DeletionPlanner::LostRemovals(
    const PlannedDeletion& planned) {
  std::vector<ResolvedTag> removed;
  std::vector<Digest> digests;
  for (const ResolvedTag& removal : earlier_.removals) {
    if (planned.states.contains(removal.tag)) continue;
    removed.push_back(removal);
    digests.push_back(removal.digest);
  }
  const auto missing = driver_->Missing(digests);
  if (!missing.ok()) return missing.status();
  std::erase_if(removed, [&](const ResolvedTag& removal) {
    return !missing->contains(removal.digest);
  });
  return removed;
}

absl::Status DeletionPlanner::MakePlan(PlannedDeletion& planned,
                                       std::vector<std::string>& lost) {
  std::vector<Digest> left;
  RETURN_IF_ERROR(FindGone(planned, left));
  std::copy_if(
      left.begin(), left.end(), std::back_inserter(planned.untagged),
      [this](const Digest& digest) { return earlier_.roots.contains(digest); });
  if (planned.doomed.empty() && planned.gone.empty() &&
      planned.untagged.empty()) {
    KeepSignatures(planned);
    return absl::OkStatus();
  }
  std::vector<std::string> doomed;
  for (const auto& [tag, reason] : planned.doomed) doomed.push_back(tag);
  ASSIGN_OR_RETURN(SnapshotReading read,
                   driver_->ReadSnapshot(planned.states, doomed, left));
  lost = std::move(read.lost_tags);
  if (!lost.empty()) return absl::OkStatus();
  planned.snapshot = std::move(read.snapshot);
  planned.notes.insert(planned.notes.end(), read.notes.begin(),
                       read.notes.end());
  AddGone(earlier_.deletions, planned.gone, planned.snapshot);
  planned.plan =
      PlanDeletion(planned.snapshot, doomed, planned.gone, planned.untagged);
  for (const DeletePlan::StayingSignature& signature :
       planned.plan.staying_signatures) {
    planned.kept[signature.tag] = signature.reason;
  }
  if (policy_.shared_digest() != proto::DeletePolicy::KEEP_SHARED) {
    return absl::OkStatus();
  }
  std::vector<std::string> left_alone;
  for (const TagRemoval& removal : planned.plan.removals) {
    planned.doomed.erase(removal.tag);
    planned.kept[removal.tag] =
        absl::StrCat("its image is needed by ", NeededBy(removal),
                     ", and the config says shared-digest: keep");
    left_alone.push_back(removal.tag);
  }
  if (!left_alone.empty()) {
    planned.notes.push_back(
        absl::StrCat("doomed, and left because others need their images "
                     "(shared-digest: keep): ",
                     FirstFew(left_alone)));
  }
  planned.plan.removals.clear();
  return absl::OkStatus();
}

}  // namespace registry_manager
