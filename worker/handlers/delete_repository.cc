// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/delete_repository.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/policy/attachment.h"
#include "common/registry/driver.h"
#include "common/registry/removal/deletion.h"
#include "worker/handlers/deletion_planner.h"
#include "worker/handlers/intent.h"
#include "worker/handlers/outcome.h"
#include "worker/handlers/problem.h"
#include "worker/handlers/settings.h"

namespace registry_manager {
namespace {

using proto::Action;

constexpr int kDeletesAtOnce = 16;
// A plan that is older is made afresh.
constexpr absl::Duration kPlanLifetime = absl::Minutes(5);
constexpr int kMaxPlans = 3;
// A deleted manifest's tags may be listed a little longer: so many looks, with
// doubling pauses between them.
constexpr int kLooksAtTags = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);
constexpr char kDanglingReason[] = "dangling: its image is lost";

size_t HalfRemoved(const TagStates& states) {
  return std::count_if(states.begin(), states.end(), [](const auto& entry) {
    return entry.second.kind == TagState::Kind::kHalfRemoved;
  });
}

// One deletion task from its first look to its last.
class Deletion {
 public:
  Deletion(const proto::DeleteRepository& task, TaskContext& context,
           RegistryConnection& connection)
      : task_(task),
        context_(context),
        connection_(connection),
        repository_(task.entry().repository()),
        policy_(context.settings->delete_policy()),
        driver_(NewPlainDriver({&connection, context.scope}, repository_,
                               &context.services->pool())),
        planner_(policy_, task.entry(), driver_.get()),
        outcome_(context) {}

  proto::TaskResult Run() {
    const absl::Status status = RunOrFail();
    if (!status.ok()) return outcome_.Fail(ProblemOf(status, connection_));
    if (registry_problem_) return outcome_.Fail(*registry_problem_);
    return outcome_.Finish(acted_ ? proto::TaskResult::DONE
                                  : proto::TaskResult::SKIPPED);
  }

 private:
  absl::Status RunOrFail();
  // OK where the registry deletes here; otherwise nothing may be written.
  absl::Status CheckDeletes();
  absl::Status FinishHalfRemovedTags(const TagStates& states);
  absl::Status ReportLostRemovals(const PlannedDeletion& planned);
  void ReportEarlierAttempt(const PlannedDeletion& planned);
  void ReportKept(const PlannedDeletion& planned);
  void ReportPlanned(const PlannedDeletion& planned);
  // `reason` empty: why it is doomed.
  std::vector<Action> ActionsOf(const DigestDeletion& deletion,
                                Action::Result result,
                                const std::string& reason) const;
  void ReportDeletion(const DigestDeletion& deletion, Action::Result result,
                      const std::string& reason);
  void ReportTag(Action::Verb verb, Action::Result result,
                 const std::string& tag, const std::string& reason);
  const std::string& ReasonFor(const std::string& tag) const;

  absl::Status Execute(PlannedDeletion planned);
  absl::StatusOr<PlannedDeletion> LookAgain(const PlannedDeletion& earlier);
  absl::Status WriteIntent(const PlannedDeletion& planned);
  bool IsOld(const PlannedDeletion& planned) const;
  // Carries a plan out, until it is old: then `out_of_time_`.
  absl::Status DeleteWaves(const PlannedDeletion& planned);
  absl::Status DeleteWave(const PlannedDeletion& planned,
                          const std::vector<const DigestDeletion*>& wave);
  void Spare(const PlannedDeletion& planned, const DigestDeletion& failed,
             const absl::Status& status);
  absl::Status CheckOutcome(const std::vector<const DigestDeletion*>& deleted);
  absl::StatusOr<TagStates> TagsLeft(
      const std::vector<const DigestDeletion*>& deleted);
  static std::vector<std::string> TagsOn(const PlannedDeletion& planned,
                                         const TagRemoval& removal);
  absl::Status RemoveTagsAlone(const PlannedDeletion& planned);
  // `dangling`: the tags that were so before anything was deleted.
  void ReportRemoval(const TagRemovalOutcome& removal,
                     const std::vector<std::string>& dangling);

  const proto::DeleteRepository& task_;
  TaskContext& context_;
  RegistryConnection& connection_;
  const std::string repository_;
  const proto::DeletePolicy& policy_;
  const std::unique_ptr<RepositoryDriver> driver_;
  DeletionPlanner planner_;
  OutcomeBuilder outcome_;

  // The reasons of the plan that is being carried out.
  std::map<std::string, std::string> reasons_;
  // Digests that are not deleted after all, with what is attached to them.
  std::set<Digest> spared_;
  // Those of them that were reported: a later plan may have them again.
  std::set<Digest> reported_;
  // Tags that are done with; those whose image was deleted and that dangle now
  // are taken away with the tags that are removed alone.
  std::set<std::string> deleted_tags_;
  std::set<std::string> dangling_tags_;
  std::optional<proto::Problem> registry_problem_;
  bool deletes_ = false;
  bool acted_ = false;
  bool out_of_time_ = false;
  // The journal holds an intent of this repository.
  bool has_intent_ = false;
  // Something failed: the intent stays, for whoever deletes here next.
  bool failed_ = false;
};

absl::Status Deletion::RunOrFail() {
  const bool dry = policy_.dry_run();
  has_intent_ = !dry && task_.has_intent();
  if (has_intent_) planner_.Remember(task_.intent());
  absl::Time looked_at = absl::Now();
  absl::StatusOr<TagStates> states = driver_->ReadTagStates();
  if (!states.ok()) return states.status();
  if (!dry && HalfRemoved(*states) > 0) {
    absl::Status status = FinishHalfRemovedTags(*states);
    if (!status.ok() || registry_problem_) return status;
    looked_at = absl::Now();
    states = driver_->ReadTagStates();
    if (!states.ok()) return states.status();
  }
  absl::StatusOr<PlannedDeletion> planned =
      planner_.Plan(*std::move(states), looked_at);
  if (!planned.ok()) return planned.status();
  outcome_.SetTags(planned->states.size() - HalfRemoved(planned->states));
  for (const std::string& note : planned->notes) outcome_.Note(note);
  ReportKept(*planned);
  for (const std::string& tag : planned->undated) {
    outcome_.Add(MakeAction(
        Action::DELETE_TAG, Action::FAILED, tag, "",
        "its creation date cannot be read, so that no tag of this repository "
        "that is no version is deleted by the rules"));
  }
  acted_ = !planned->empty() || !planned->undated.empty();
  if (dry) {
    ReportPlanned(*planned);
    return absl::OkStatus();
  }
  ReportEarlierAttempt(*planned);
  absl::Status status = ReportLostRemovals(*planned);
  if (status.ok() && !planned->empty()) status = Execute(*std::move(planned));
  // Once others were harmed nothing more is deleted, and the intent stays.
  if (!status.ok() || registry_problem_ || failed_ || !has_intent_) {
    return status;
  }
  return context_.write_intent(task_.registry(), repository_, nullptr);
}

absl::Status Deletion::CheckDeletes() {
  if (deletes_) return absl::OkStatus();
  const absl::Status status = driver_->CheckDeletes();
  deletes_ = status.ok();
  if (!absl::IsUnimplemented(status)) return status;
  registry_problem_ = ProblemOf(status, connection_);
  registry_problem_->set_kind(proto::Problem::REGISTRY_DOES_NOT_DELETE);
  return absl::OkStatus();
}

absl::Status Deletion::FinishHalfRemovedTags(const TagStates& states) {
  absl::Status status = CheckDeletes();
  if (!status.ok() || registry_problem_) return status;
  if (!has_intent_) {
    // A registry that is killed in this leaves them dangling: by our doing.
    proto::Intent intent;
    for (const auto& [tag, state] : states) {
      if (state.kind == TagState::Kind::kHalfRemoved) {
        intent.add_removals()->set_tag(tag);
      }
    }
    status = context_.write_intent(task_.registry(), repository_, &intent);
    if (!status.ok()) return status;
    has_intent_ = true;
    planner_.Remember(intent);
  }
  return driver_->FinishHalfRemovedTags();
}

// Where a removal was cut short nobody has looked at the image yet.
absl::Status Deletion::ReportLostRemovals(const PlannedDeletion& planned) {
  absl::StatusOr<std::vector<ResolvedTag>> lost =
      planner_.LostRemovals(planned);
  if (!lost.ok()) return lost.status();
  for (const ResolvedTag& removal : *lost) {
    outcome_.Add(MakeAction(
        Action::UNTAG, Action::FAILED, removal.tag, removal.digest.str(),
        "an earlier attempt, which was cut short, removed the tag alone, and "
        "now its image is gone, too: other tags needed it; push it again, and "
        "set shared-digest: keep unless somebody else deleted it"));
  }
  return absl::OkStatus();
}

// Whether it was counted then, nobody knows: it is told, and not counted again.
void Deletion::ReportEarlierAttempt(const PlannedDeletion& planned) {
  const std::set<Digest> gone(planned.gone.begin(), planned.gone.end());
  for (const proto::Intent::Deletion& entry : task_.intent().deletions()) {
    absl::StatusOr<Digest> digest = Digest::Parse(entry.digest());
    if (!digest.ok() || !gone.contains(*digest)) continue;
    for (const std::string& tag : entry.tags()) {
      if (planned.states.contains(tag)) continue;
      outcome_.Add(
          MakeAction(Action::DELETE_TAG, Action::SKIPPED, tag, entry.digest(),
                     "deleted by an earlier attempt, which was cut short"));
    }
  }
}

// Candidates come last, newest first.
void Deletion::ReportKept(const PlannedDeletion& planned) {
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

// The tags in the order of the rules, then what goes with them.
void Deletion::ReportPlanned(const PlannedDeletion& planned) {
  reasons_ = planned.doomed;
  std::vector<Action> actions;
  std::vector<Digest> going;
  for (const DigestDeletion& deletion : planned.plan.deletions) {
    for (Action& action : ActionsOf(deletion, Action::PLANNED, "")) {
      actions.push_back(std::move(action));
    }
    going.push_back(deletion.digest);
  }
  outcome_.SetBytesToFree(driver_->BytesOf(going));
  for (const std::string& warning : planned.warnings) outcome_.Note(warning);
  for (const TagRemoval& removal : planned.plan.removals) {
    actions.push_back(MakeAction(
        Action::UNTAG, Action::PLANNED, removal.tag, removal.digest.str(),
        absl::StrCat(ReasonFor(removal.tag), "; its image stays, ",
                     NeededBy(removal), " needs it")));
  }
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
  for (Action& action : actions) outcome_.Add(std::move(action));
  for (const std::string& tag : planned.dangling) {
    outcome_.Add(MakeAction(Action::DELETE_TAG, Action::PLANNED, tag, "",
                            kDanglingReason));
  }
}

const std::string& Deletion::ReasonFor(const std::string& tag) const {
  static const std::string* const signature =
      new std::string("attached to an image that is deleted");
  const auto reason = reasons_.find(tag);
  return reason == reasons_.end() ? *signature : reason->second;
}

std::vector<Action> Deletion::ActionsOf(const DigestDeletion& deletion,
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

void Deletion::ReportDeletion(const DigestDeletion& deletion,
                              Action::Result result,
                              const std::string& reason) {
  for (Action& action : ActionsOf(deletion, result, reason)) {
    outcome_.Add(std::move(action));
  }
}

void Deletion::ReportTag(Action::Verb verb, Action::Result result,
                         const std::string& tag, const std::string& reason) {
  if (result == Action::FAILED) failed_ = true;
  outcome_.Add(MakeAction(verb, result, tag, "", reason));
}

absl::StatusOr<PlannedDeletion> Deletion::LookAgain(
    const PlannedDeletion& earlier) {
  std::vector<std::string> moved;
  absl::StatusOr<PlannedDeletion> planned = planner_.PlanAgain(earlier, moved);
  if (!planned.ok()) return planned.status();
  for (const std::string& tag : moved) {
    if (deleted_tags_.contains(tag)) continue;
    outcome_.Add(MakeAction(Action::DELETE_TAG, Action::SKIPPED, tag, "",
                            "it was moved or removed since it was planned"));
  }
  return planned;
}

absl::Status Deletion::WriteIntent(const PlannedDeletion& planned) {
  const proto::Intent intent =
      IntentOf(planned.snapshot, planned.plan, planned.gone, planned.dangling);
  const absl::Status status =
      context_.write_intent(task_.registry(), repository_, &intent);
  if (!status.ok()) return status;
  has_intent_ = true;
  planner_.Remember(intent);
  return absl::OkStatus();
}

bool Deletion::IsOld(const PlannedDeletion& planned) const {
  return absl::Now() - planned.looked_at > kPlanLifetime;
}

absl::Status Deletion::Execute(PlannedDeletion planned) {
  absl::Status status = CheckDeletes();
  if (!status.ok() || registry_problem_) return status;
  for (int fruitless = 0; fruitless < kMaxPlans;) {
    absl::StatusOr<PlannedDeletion> again = LookAgain(planned);
    if (!again.ok()) return again.status();
    planned = *std::move(again);
    reasons_.insert(planned.doomed.begin(), planned.doomed.end());
    if (planned.empty()) return absl::OkStatus();
    status = WriteIntent(planned);
    if (!status.ok()) return status;
    const size_t deleted = deleted_tags_.size();
    status = DeleteWaves(planned);
    if (!status.ok()) return status;
    if (!out_of_time_) return RemoveTagsAlone(planned);
    fruitless = deleted_tags_.size() > deleted ? 0 : fruitless + 1;
  }
  return absl::UnavailableError(absl::StrCat(
      "looking at every tag of ", repository_, " takes longer than ",
      absl::FormatDuration(kPlanLifetime),
      ", so that nothing can be deleted safely; raise max-connections"));
}

absl::Status Deletion::DeleteWaves(const PlannedDeletion& planned) {
  out_of_time_ = IsOld(planned);
  const std::vector<DigestDeletion>& deletions = planned.plan.deletions;
  for (size_t first = 0; first < deletions.size() && !out_of_time_;) {
    std::vector<const DigestDeletion*> wave;
    const int number = deletions[first].wave;
    for (; first < deletions.size() && deletions[first].wave == number;
         ++first) {
      const Digest& digest = deletions[first].digest;
      if (spared_.contains(digest)) {
        if (!reported_.insert(digest).second) continue;
        ReportDeletion(deletions[first], Action::SKIPPED,
                       "what it is attached to could not be deleted");
      } else {
        wave.push_back(&deletions[first]);
      }
    }
    if (absl::Status status = DeleteWave(planned, wave); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Deletion::DeleteWave(
    const PlannedDeletion& planned,
    const std::vector<const DigestDeletion*>& wave) {
  // Absent: not begun, because the plan had become old.
  std::vector<std::optional<absl::Status>> results(wave.size());
  context_.services->pool().ParallelFor(
      wave.size(), kDeletesAtOnce, [&](size_t i) {
        if (!IsOld(planned)) results[i] = driver_->Delete(wave[i]->digest);
      });
  absl::Status ends_task;
  std::vector<const DigestDeletion*> deleted;
  for (size_t i = 0; i < wave.size(); ++i) {
    if (!results[i]) {
      out_of_time_ = true;
    } else if (results[i]->ok()) {
      deleted.push_back(wave[i]);
    } else if (EndsTask(*results[i]) || MayTakeEffectYet(*results[i])) {
      ends_task.Update(*results[i]);
    } else {
      Spare(planned, *wave[i], *results[i]);
    }
  }
  const absl::Status checked = CheckOutcome(deleted);
  return ends_task.ok() ? checked : ends_task;
}

void Deletion::Spare(const PlannedDeletion& planned,
                     const DigestDeletion& failed, const absl::Status& status) {
  failed_ = true;
  ReportDeletion(failed, Action::FAILED, ReasonOf(status));
  const std::vector<Digest> dependents =
      Attachments(planned.snapshot).ReachOf(failed.digest);
  spared_.insert(failed.digest);
  reported_.insert(failed.digest);
  spared_.insert(dependents.begin(), dependents.end());
}

// The tags of deleted manifests that are listed still, and are not somebody
// else's by now. Registries behind a cache take a while.
absl::StatusOr<TagStates> Deletion::TagsLeft(
    const std::vector<const DigestDeletion*>& deleted) {
  std::map<std::string, Digest> bore;
  std::set<std::string> tags;
  for (const DigestDeletion* deletion : deleted) {
    for (const std::string& tag : deletion->tags) {
      bore.emplace(tag, deletion->digest);
      tags.insert(tag);
    }
  }
  if (tags.empty()) return TagStates();
  absl::Duration pause = kFirstPause;
  for (int look = 1;; ++look, pause *= 2) {
    absl::StatusOr<TagStates> left = driver_->ReadTagStatesOf(tags);
    if (left.ok()) {
      std::erase_if(*left, [&](const auto& entry) {
        const TagState& state = entry.second;
        return state.kind == TagState::Kind::kHalfRemoved ||
               (state.digest && *state.digest != bore.at(entry.first));
      });
      if (left->empty()) return left;
    }
    if (look == kLooksAtTags) return left;
    const absl::Status slept = context_.scope->cancellation().SleepFor(pause);
    if (!slept.ok()) return slept;
  }
}

absl::Status Deletion::CheckOutcome(
    const std::vector<const DigestDeletion*>& deleted) {
  absl::StatusOr<TagStates> left = TagsLeft(deleted);
  if (!left.ok()) return left.status();
  for (const DigestDeletion* deletion : deleted) {
    if (deletion->tags.empty()) ReportDeletion(*deletion, Action::DONE, "");
    for (const std::string& tag : deletion->tags) {
      deleted_tags_.insert(tag);
      const auto state = left->find(tag);
      if (state == left->end()) {
        outcome_.Add(MakeAction(Action::DELETE_TAG, Action::DONE, tag,
                                deletion->digest.str(), ReasonFor(tag)));
      } else if (state->second.kind == TagState::Kind::kDangling) {
        dangling_tags_.insert(tag);
      } else {
        ReportTag(Action::DELETE_TAG, Action::FAILED, tag,
                  "its manifest was deleted, but the registry still lists the "
                  "tag and hands it out");
      }
    }
  }
  return absl::OkStatus();
}

// The tags that stay on the digest of a tag that is removed alone.
std::vector<std::string> Deletion::TagsOn(const PlannedDeletion& planned,
                                          const TagRemoval& removal) {
  std::vector<std::string> tags;
  for (const auto& [tag, state] : planned.states) {
    if (state.digest == removal.digest && !planned.doomed.contains(tag)) {
      tags.push_back(tag);
    }
  }
  return tags;
}

absl::Status Deletion::RemoveTagsAlone(const PlannedDeletion& planned) {
  std::vector<TagToRemove> tags;
  for (const TagRemoval& removal : planned.plan.removals) {
    if (spared_.contains(removal.digest)) {
      outcome_.Add(MakeAction(Action::UNTAG, Action::SKIPPED, removal.tag,
                              removal.digest.str(),
                              "what it is attached to could not be deleted"));
    } else {
      tags.push_back({removal.tag, removal.digest, TagsOn(planned, removal)});
    }
  }
  std::set<std::string> dangling = dangling_tags_;
  dangling.insert(planned.dangling.begin(), planned.dangling.end());
  for (const std::string& tag : dangling) tags.push_back({tag, std::nullopt});
  absl::StatusOr<std::vector<TagRemovalOutcome>> outcomes =
      driver_->RemoveTags(tags);
  if (absl::IsDataLoss(outcomes.status())) {
    registry_problem_ = ProblemOf(outcomes.status(), connection_);
    registry_problem_->set_kind(proto::Problem::REGISTRY_HARMS_OTHERS);
    return absl::OkStatus();
  }
  if (!outcomes.ok()) return outcomes.status();
  for (const TagRemovalOutcome& removal : *outcomes) {
    if (EndsTask(removal.status)) return removal.status;
    ReportRemoval(removal, planned.dangling);
  }
  return absl::OkStatus();
}

void Deletion::ReportRemoval(const TagRemovalOutcome& removal,
                             const std::vector<std::string>& dangling) {
  using Kind = TagRemovalOutcome::Kind;
  // A tag whose manifest was deleted and that the registry left listed.
  const bool half_done = dangling_tags_.contains(removal.tag);
  const bool lost = std::find(dangling.begin(), dangling.end(), removal.tag) !=
                    dangling.end();
  const Action::Verb verb =
      half_done || lost ? Action::DELETE_TAG : Action::UNTAG;
  switch (removal.kind) {
    case Kind::kRemoved:
      ReportTag(verb, Action::DONE, removal.tag,
                lost && !half_done ? kDanglingReason : ReasonFor(removal.tag));
      break;
    case Kind::kMoved:
      ReportTag(verb, half_done ? Action::DONE : Action::SKIPPED, removal.tag,
                "it was moved since it was planned");
      break;
    case Kind::kFailed:
      ReportTag(verb, Action::FAILED, removal.tag,
                half_done ? absl::StrCat("its manifest was deleted, but the "
                                         "registry still lists the tag: ",
                                         ReasonOf(removal.status))
                          : ReasonOf(removal.status));
      break;
  }
}

}  // namespace

proto::TaskResult DeleteRepository(const proto::DeleteRepository& task,
                                   TaskContext& context) {
  absl::StatusOr<RegistryConnection*> connection =
      ConnectTo(task.registry(), context);
  if (!connection.ok()) {
    return FailedResult(SettingsProblem(task.registry(), connection.status()));
  }
  return Deletion(task, context, **connection).Run();
}

}  // namespace registry_manager
