// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/deletion_report.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "worker/handlers/problem.h"

namespace registry_manager {
namespace {

using proto::Action;

constexpr char kDanglingReason[] = "dangling: its image is lost";
constexpr char kPassedOverReason[] =
    "it was moved or removed since it was planned";

// The tags in the order of the rules, then what goes with them.
void SortByPlace(const PlannedDeletion& planned, std::vector<Action>& actions) {
  const auto place = [&planned](const Action& action) {
    const auto rank = planned.ranks.find(action.reference());
    if (rank != planned.ranks.end()) return rank->second;
    return planned.doomed.contains(action.reference())
               ? 0
               : std::numeric_limits<size_t>::max();
  };
  std::stable_sort(actions.begin(), actions.end(),
                   [&place](const Action& a, const Action& b) {
                     return place(a) < place(b);
                   });
}

}  // namespace

void DeletionReport::Begin(const PlannedDeletion& planned) {
  for (const std::string& note : planned.notes) outcome_.Note(note);
  Kept(planned);
  for (const std::string& tag : planned.unreadable) {
    outcome_.Add(MakeAction(
        Action::DELETE_TAG, Action::FAILED, tag, "",
        "its creation date cannot be read, so that no tag of this repository "
        "that is no version is deleted by the rules"));
  }
}

// Candidates come last, newest first.
void DeletionReport::Kept(const PlannedDeletion& planned) {
  std::vector<std::pair<size_t, std::string>> tags;
  for (const auto& [tag, reason] : planned.kept) {
    const auto rank = planned.ranks.find(tag);
    tags.emplace_back(rank == planned.ranks.end() ? 0 : rank->second, tag);
  }
  std::sort(tags.begin(), tags.end());
  for (const auto& [rank, tag] : tags) {
    const auto state = planned.states.find(tag);
    const bool resolved = state != planned.states.end() && state->second.digest;
    outcome_.Add(MakeAction(Action::KEEP, Action::SKIPPED, tag,
                            resolved ? state->second.digest->str() : "",
                            planned.kept.at(tag)));
  }
}

void DeletionReport::Planned(const PlannedDeletion& planned, uint64_t bytes) {
  UseReasonsOf(planned);
  std::vector<Action> actions;
  for (const DigestDeletion& deletion : planned.plan.deletions) {
    for (Action& action : ActionsOf(deletion, Action::PLANNED, "")) {
      actions.push_back(std::move(action));
    }
  }
  outcome_.SetBytesToFree(bytes);
  for (const std::string& warning : planned.warnings) outcome_.Note(warning);
  for (const TagRemoval& removal : planned.plan.removals) {
    actions.push_back(MakeAction(
        Action::UNTAG, Action::PLANNED, removal.tag, removal.digest.str(),
        absl::StrCat(ReasonFor(removal.tag), "; its image stays, ",
                     NeededBy(removal), " needs it")));
  }
  SortByPlace(planned, actions);
  for (Action& action : actions) outcome_.Add(std::move(action));
  for (const std::string& tag : planned.dangling) {
    outcome_.Add(MakeAction(Action::DELETE_TAG, Action::PLANNED, tag, "",
                            kDanglingReason));
  }
}

// Nobody knows whether the earlier attempt counted these deletions: they are
// reported, but not counted again.
void DeletionReport::EarlierAttempt(const proto::Intent& intent,
                                    const PlannedDeletion& planned) {
  const std::set<Digest> gone(planned.gone.begin(), planned.gone.end());
  for (const proto::Intent::Deletion& entry : intent.deletions()) {
    absl::StatusOr<Digest> digest = Digest::Parse(entry.digest());
    if (!digest.ok() || !gone.contains(*digest)) continue;
    for (const std::string& tag : entry.tags()) {
      if (planned.states.contains(tag)) continue;
      Skipped(Action::DELETE_TAG, tag, entry.digest(),
              "deleted by an earlier attempt, which did not finish");
    }
  }
}

void DeletionReport::UseReasonsOf(const PlannedDeletion& planned) {
  reasons_.insert(planned.doomed.begin(), planned.doomed.end());
}

const std::string& DeletionReport::ReasonFor(const std::string& tag) const {
  static const std::string* const signature =
      new std::string("attached to an image that is deleted");
  const auto reason = reasons_.find(tag);
  return reason == reasons_.end() ? *signature : reason->second;
}

std::vector<Action> DeletionReport::ActionsOf(const DigestDeletion& deletion,
                                              Action::Result result,
                                              const std::string& reason) const {
  std::vector<Action> actions;
  if (deletion.tags.empty()) {
    actions.push_back(MakeAction(
        Action::DELETE_MANIFEST, result, deletion.digest.str(),
        deletion.digest.str(),
        reason.empty() ? "belongs to an image that is deleted" : reason));
  }
  for (const std::string& tag : deletion.tags) {
    actions.push_back(MakeAction(Action::DELETE_TAG, result, tag,
                                 deletion.digest.str(),
                                 reason.empty() ? ReasonFor(tag) : reason));
  }
  return actions;
}

void DeletionReport::Add(Action::Verb verb, Action::Result result,
                         const std::string& tag, const std::string& digest,
                         const std::string& reason) {
  if (result == Action::FAILED) failed_ = true;
  outcome_.Add(MakeAction(verb, result, tag, digest, reason));
}

void DeletionReport::Deletion(const DigestDeletion& deletion,
                              Action::Result result,
                              const std::string& reason) {
  if (result == Action::FAILED) failed_ = true;
  for (Action& action : ActionsOf(deletion, result, reason)) {
    outcome_.Add(std::move(action));
  }
}

void DeletionReport::DeletedTag(const std::string& tag, const Digest& digest) {
  Add(Action::DELETE_TAG, Action::DONE, tag, digest.str(), ReasonFor(tag));
}

void DeletionReport::UntaggedOnly(const std::string& tag,
                                  const Digest& digest) {
  Add(Action::UNTAG, Action::DONE, tag, digest.str(), ReasonFor(tag));
}

void DeletionReport::Failed(Action::Verb verb, const std::string& tag,
                            const std::string& digest,
                            const std::string& reason) {
  Add(verb, Action::FAILED, tag, digest, reason);
}

void DeletionReport::Skipped(Action::Verb verb, const std::string& tag,
                             const std::string& digest,
                             const std::string& reason) {
  Add(verb, Action::SKIPPED, tag, digest, reason);
}

void DeletionReport::PassedOver(const std::set<std::string>& tags) {
  std::vector<std::string> fresh;
  for (const std::string& tag : tags) {
    if (!passed_over_.insert(tag).second) continue;
    fresh.push_back(tag);
    Skipped(Action::DELETE_TAG, tag, "", kPassedOverReason);
  }
  if (fresh.empty()) return;
  outcome_.Note(absl::StrCat("skipped, because somebody moved or removed ",
                             fresh.size() == 1 ? "the tag" : "the tags",
                             " since the plan was made: ", FirstFew(fresh)));
}

void DeletionReport::Removal(const TagOutcome& removal, bool half_done,
                             bool lost) {
  using Kind = TagOutcome::Kind;
  const Action::Verb verb =
      half_done || lost ? Action::DELETE_TAG : Action::UNTAG;
  switch (removal.kind) {
    case Kind::kNotTried:
      break;
    case Kind::kRemoved:
      Add(verb, Action::DONE, removal.tag, "",
          lost && !half_done ? kDanglingReason : ReasonFor(removal.tag));
      break;
    case Kind::kMoved:
      // Its image is gone, and the tag is somebody else's by now.
      if (half_done) {
        Add(verb, Action::DONE, removal.tag, "", kPassedOverReason);
      } else {
        PassedOver({removal.tag});
      }
      break;
    case Kind::kFailed:
      Failed(verb, removal.tag, "",
             half_done ? absl::StrCat("its manifest was deleted, but the "
                                      "registry still lists the tag: ",
                                      ReasonOf(removal.status))
                       : ReasonOf(removal.status));
      break;
  }
}

}  // namespace registry_manager
