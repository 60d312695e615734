// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/delete_repository.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/policy/attachment.h"
#include "common/registry/driver.h"
#include "common/registry/errors.h"
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
  absl::Status FinishEarlierAttempt();
  void ReportKept(const PlannedDeletion& planned);
  void ReportPlanned(const PlannedDeletion& planned);
  absl::Status Execute(const PlannedDeletion& planned);
  absl::StatusOr<PlannedDeletion> LookAgain(const PlannedDeletion& earlier);
  absl::Status DeleteWaves(const PlannedDeletion& planned);
  absl::Status DeleteWave(const PlannedDeletion& planned,
                          const std::vector<const DigestDeletion*>& wave);
  void ReportDeletion(const DigestDeletion& deletion, Action::Result result,
                      const std::string& reason);
  static std::vector<std::string> TagsOn(const PlannedDeletion& planned,
                                         const TagRemoval& removal);
  absl::Status RemoveTagsAlone(const PlannedDeletion& planned);
  absl::Status FinishDanglingTags();
  const std::string& ReasonFor(const std::string& tag) const;

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
  // Tags whose manifests were deleted: none may be listed in the end.
  std::set<std::string> deleted_tags_;
  std::optional<proto::Problem> registry_problem_;
  bool acted_ = false;
};

absl::Status Deletion::RunOrFail() {
  const bool dry = policy_.dry_run();
  if (!dry) {
    if (absl::Status status = FinishEarlierAttempt(); !status.ok()) {
      return status;
    }
  }
  absl::StatusOr<PlannedDeletion> planned = planner_.Plan();
  if (!planned.ok()) return planned.status();
  outcome_.SetTags(planned->states.size());
  for (const std::string& note : planned->notes) outcome_.Note(note);
  ReportKept(*planned);
  acted_ = !planned->empty();
  if (planned->empty()) return absl::OkStatus();
  if (dry) {
    ReportPlanned(*planned);
    return absl::OkStatus();
  }
  return Execute(*planned);
}

// Half-removed tags, and what the journalled intent of an attempt that was cut
// short still leaves to do.
absl::Status Deletion::FinishEarlierAttempt() {
  if (!task_.has_intent()) return driver_->FinishHalfRemovedTags();
  absl::Status status = driver_->CheckDeletes();
  if (status.ok()) status = driver_->FinishHalfRemovedTags();
  if (status.ok()) status = FinishIntent(task_.intent(), *driver_, outcome_);
  if (!status.ok()) return status;
  return context_.write_intent(task_.registry(), repository_, nullptr);
}

void Deletion::ReportKept(const PlannedDeletion& planned) {
  for (const auto& [tag, reason] : planned.kept) {
    const auto state = planned.states.find(tag);
    const bool resolved = state != planned.states.end() && state->second.digest;
    outcome_.Add(MakeAction(Action::KEEP, Action::SKIPPED, tag,
                            resolved ? state->second.digest->str() : "",
                            reason));
  }
}

void Deletion::ReportPlanned(const PlannedDeletion& planned) {
  reasons_ = planned.doomed;
  for (const DigestDeletion& deletion : planned.plan.deletions) {
    ReportDeletion(deletion, Action::PLANNED, "");
  }
  for (const TagRemoval& removal : planned.plan.removals) {
    outcome_.Add(MakeAction(
        Action::UNTAG, Action::PLANNED, removal.tag, removal.digest.str(),
        absl::StrCat(ReasonFor(removal.tag), "; its image stays, ",
                     removal.protected_by, " needs it")));
  }
  for (const std::string& tag : planned.dangling) {
    outcome_.Add(MakeAction(Action::UNTAG, Action::PLANNED, tag, "",
                            "dangling: its image is lost"));
  }
}

const std::string& Deletion::ReasonFor(const std::string& tag) const {
  static const std::string* const signature =
      new std::string("attached to an image that is deleted");
  const auto reason = reasons_.find(tag);
  return reason == reasons_.end() ? *signature : reason->second;
}

void Deletion::ReportDeletion(const DigestDeletion& deletion,
                              Action::Result result,
                              const std::string& reason) {
  if (deletion.tags.empty()) {
    outcome_.Add(MakeAction(
        Action::DELETE_MANIFEST, result, deletion.digest.str(),
        deletion.digest.str(),
        reason.empty() ? "belongs to an image that is deleted" : reason));
  }
  for (const std::string& tag : deletion.tags) {
    outcome_.Add(MakeAction(Action::DELETE_TAG, result, tag,
                            deletion.digest.str(),
                            reason.empty() ? ReasonFor(tag) : reason));
  }
}

absl::StatusOr<PlannedDeletion> Deletion::LookAgain(
    const PlannedDeletion& earlier) {
  for (int plan = 0; plan < kMaxPlans; ++plan) {
    const absl::Time begun = absl::Now();
    std::vector<std::string> moved;
    absl::StatusOr<PlannedDeletion> planned =
        planner_.PlanAgain(earlier, moved);
    if (!planned.ok()) return planned.status();
    if (absl::Now() - begun > kPlanLifetime) continue;
    for (const std::string& tag : moved) {
      outcome_.Add(MakeAction(Action::DELETE_TAG, Action::SKIPPED, tag, "",
                              "it was moved or removed since it was planned"));
    }
    return planned;
  }
  return absl::UnavailableError(absl::StrCat(
      "looking at every tag of ", repository_, " takes longer than ",
      absl::FormatDuration(kPlanLifetime),
      ", so that nothing can be deleted safely; raise max-connections"));
}

absl::Status Deletion::Execute(const PlannedDeletion& earlier) {
  absl::StatusOr<PlannedDeletion> planned = LookAgain(earlier);
  if (!planned.ok()) return planned.status();
  reasons_ = planned->doomed;
  if (planned->empty()) return absl::OkStatus();
  if (absl::Status status = driver_->CheckDeletes(); !status.ok()) {
    if (absl::IsUnimplemented(status)) {
      registry_problem_ = ProblemOf(status, connection_);
      registry_problem_->set_kind(proto::Problem::REGISTRY_DOES_NOT_DELETE);
      return absl::OkStatus();
    }
    return status;
  }
  const proto::Intent intent =
      IntentOf(planned->snapshot, planned->plan, planned->dangling);
  absl::Status status =
      context_.write_intent(task_.registry(), repository_, &intent);
  if (!status.ok()) return status;
  status = DeleteWaves(*planned);
  if (!status.ok()) return status;
  status = RemoveTagsAlone(*planned);
  // Once others were harmed nothing more is deleted, and the intent stays.
  if (!status.ok() || registry_problem_) return status;
  status = FinishDanglingTags();
  if (!status.ok()) return status;
  return context_.write_intent(task_.registry(), repository_, nullptr);
}

absl::Status Deletion::DeleteWaves(const PlannedDeletion& planned) {
  const std::vector<DigestDeletion>& deletions = planned.plan.deletions;
  for (size_t first = 0; first < deletions.size();) {
    std::vector<const DigestDeletion*> wave;
    const int number = deletions[first].wave;
    for (; first < deletions.size() && deletions[first].wave == number;
         ++first) {
      if (spared_.contains(deletions[first].digest)) {
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
  std::vector<absl::Status> results(wave.size());
  context_.services->pool().ParallelFor(
      wave.size(), kDeletesAtOnce, [&](size_t i) {
        results[i] = driver_->Delete(wave[i]->digest);
        if (!results[i].ok()) return;
        ReportDeletion(*wave[i], Action::DONE, "");
      });
  const Attachments attachments(planned.snapshot);
  absl::Status ends_task;
  for (size_t i = 0; i < wave.size(); ++i) {
    const DigestDeletion& deletion = *wave[i];
    if (results[i].ok()) {
      deleted_tags_.insert(deletion.tags.begin(), deletion.tags.end());
      continue;
    }
    if (EndsTask(results[i])) {
      ends_task.Update(results[i]);
      continue;
    }
    ReportDeletion(deletion, Action::FAILED, ReasonOf(results[i]));
    const std::vector<Digest> dependents = attachments.ReachOf(deletion.digest);
    spared_.insert(dependents.begin(), dependents.end());
  }
  return ends_task;
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
  for (const std::string& tag : planned.dangling) {
    tags.push_back({tag, std::nullopt});
  }
  absl::StatusOr<std::vector<TagRemovalOutcome>> outcomes =
      driver_->RemoveTags(tags);
  if (absl::IsDataLoss(outcomes.status())) {
    registry_problem_ = ProblemOf(outcomes.status(), connection_);
    registry_problem_->set_kind(proto::Problem::REGISTRY_HARMS_OTHERS);
    return absl::OkStatus();
  }
  if (!outcomes.ok()) return outcomes.status();
  for (const TagRemovalOutcome& removal : *outcomes) {
    using Kind = TagRemovalOutcome::Kind;
    if (EndsTask(removal.status)) return removal.status;
    const Action::Result result = removal.kind == Kind::kRemoved ? Action::DONE
                                  : removal.kind == Kind::kMoved
                                      ? Action::SKIPPED
                                      : Action::FAILED;
    const std::string reason =
        removal.kind == Kind::kMoved    ? "it was moved since it was planned"
        : removal.kind == Kind::kFailed ? ReasonOf(removal.status)
                                        : ReasonFor(removal.tag);
    outcome_.Add(MakeAction(Action::UNTAG, result, removal.tag, "", reason));
  }
  return absl::OkStatus();
}

// A tag whose manifest was deleted and that is listed still is dangling: the
// registry did half of its work.
absl::Status Deletion::FinishDanglingTags() {
  if (deleted_tags_.empty()) return absl::OkStatus();
  absl::StatusOr<TagStates> states = driver_->ReadTagStatesOf(deleted_tags_);
  if (!states.ok()) return states.status();
  std::vector<TagToRemove> dangling;
  for (const auto& [tag, state] : *states) {
    if (state.kind == TagState::Kind::kDangling) {
      dangling.push_back({tag, std::nullopt});
    }
  }
  absl::StatusOr<std::vector<TagRemovalOutcome>> outcomes =
      driver_->RemoveTags(dangling);
  if (!outcomes.ok()) return outcomes.status();
  for (const TagRemovalOutcome& outcome : *outcomes) {
    if (outcome.kind != TagRemovalOutcome::Kind::kFailed) continue;
    if (EndsTask(outcome.status)) return outcome.status;
    outcome_.Add(MakeAction(
        Action::DELETE_TAG, Action::FAILED, outcome.tag, "",
        absl::StrCat("its manifest was deleted, but the registry still lists "
                     "the tag: ",
                     outcome.status.message())));
  }
  return absl::OkStatus();
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
