// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/deletion/delete_repository.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/attachment.h"
#include "common/registry/connection/errors.h"
#include "common/registry/drivers/driver.h"
#include "common/registry/drivers/look_age.h"
#include "common/registry/drivers/plain/deletion.h"
#include "common/registry/drivers/plain/plain_driver.h"
#include "worker/handlers/deletion/deletion_planner.h"
#include "worker/handlers/deletion/deletion_report.h"
#include "worker/handlers/deletion/intent.h"
#include "worker/handlers/outcome.h"
#include "worker/handlers/problem.h"
#include "worker/handlers/settings.h"

namespace registry_manager {
namespace {

using proto::Action;

// A plan that is older is made afresh.
constexpr absl::Duration kPlanLifetime = absl::Minutes(5);
constexpr int kMaxPlans = 6;
// A deleted manifest's tags may be listed a little longer: so many looks, with
// doubling pauses between them.
constexpr int kLooksAtTags = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);

size_t HalfRemoved(const TagStates& states) {
  return std::count_if(states.begin(), states.end(), [](const auto& entry) {
    return entry.second.kind == TagState::Kind::kHalfRemoved;
  });
}

std::vector<Digest> DigestsOf(const std::vector<DigestDeletion>& deletions) {
  std::vector<Digest> digests;
  for (const DigestDeletion& one : deletions) digests.push_back(one.digest);
  return digests;
}

// One deletion task from its first look to its last.
class Deletion {
 public:
  Deletion(const proto::DeleteRepository& task, TaskContext& context,
           RepositoryDriver* driver, const std::function<absl::Time()>& now)
      : task_(task),
        context_(context),
        now_(now),
        repository_(task.entry().repository()),
        policy_(context.settings->delete_policy()),
        driver_(driver),
        planner_(policy_, task.entry(), driver, now),
        outcome_(context),
        report_(&outcome_) {}

  proto::TaskResult Run() {
    const absl::Status status = RunOrFail();
    if (!status.ok()) return outcome_.Fail(ProblemOf(status, task_.registry()));
    if (registry_problem_) return outcome_.Fail(*registry_problem_);
    return outcome_.Finish(acted_ ? proto::TaskResult::DONE
                                  : proto::TaskResult::SKIPPED);
  }

 private:
  // A manifest of the plan, and what became of it.
  struct Gone {
    const DigestDeletion* planned;
    ImageDeletion result;
  };
  // Tags of deleted manifests that are listed still.
  struct LeftTags {
    TagStates left;
    // Tags that somebody else has moved or taken by now.
    std::set<std::string> moved;
  };

  absl::Status RunOrFail();
  // OK if the registry deletes here; otherwise nothing may be written.
  absl::Status CheckDeletes();
  absl::Status FinishHalfRemovedTags(const TagStates& states);
  absl::Status ReportLostRemovals(const PlannedDeletion& planned);

  absl::Status Execute(PlannedDeletion planned);
  absl::StatusOr<PlannedDeletion> LookAgain(const PlannedDeletion& earlier);
  absl::Status WriteIntent(const PlannedDeletion& planned);
  bool IsOld(const PlannedDeletion& planned) const;
  // Carries a plan out, until it is old: then `out_of_time_`.
  absl::Status DeleteWaves(const PlannedDeletion& planned);
  absl::Status DeleteWave(const PlannedDeletion& planned,
                          const std::vector<const DigestDeletion*>& wave);
  void Spare(const PlannedDeletion& planned, const DigestDeletion& failed,
             const ImageDeletion& result);
  void ReportUntagged(const DigestDeletion& deletion,
                      const ImageDeletion& result);
  absl::Status CheckOutcome(const std::vector<Gone>& gone);
  absl::StatusOr<LeftTags> FindLeftTags(const std::vector<Gone>& gone);
  // Takes tags away by name that the registry has left; those that remain.
  absl::StatusOr<LeftTags> DeleteLeftTags(
      const std::vector<Gone>& gone, LeftTags left,
      std::map<std::string, absl::Status>& refused);
  static std::vector<std::string> TagsOn(const PlannedDeletion& planned,
                                         const TagRemoval& removal);
  absl::Status RemoveTagsAlone(const PlannedDeletion& planned);

  const proto::DeleteRepository& task_;
  TaskContext& context_;
  const std::function<absl::Time()> now_;
  const std::string repository_;
  const proto::DeletePolicy& policy_;
  RepositoryDriver* const driver_;
  DeletionPlanner planner_;
  OutcomeBuilder outcome_;
  DeletionReport report_;

  // Digests that are not deleted after all, with what is attached to them.
  std::set<Digest> spared_;
  // The digests of `spared_` that were reported: a later plan may have them
  // again.
  std::set<Digest> reported_;
  // Tags that are done with; those whose image was deleted and that dangle now
  // are taken away with the tags that are removed alone.
  std::set<std::string> deleted_tags_;
  std::set<std::string> dangling_tags_;
  std::optional<proto::Problem> registry_problem_;
  bool deletes_ = false;
  bool acted_ = false;
  bool out_of_time_ = false;
  // No DELETE is known that may be carried out yet: tags may be written.
  bool is_settled_ = true;
  // The journal holds an intent of this repository.
  bool has_intent_ = false;
};

absl::Status Deletion::RunOrFail() {
  const bool dry = policy_.dry_run();
  has_intent_ = !dry && task_.has_intent();
  if (has_intent_) planner_.Remember(task_.intent());
  absl::Time looked_at = now_();
  absl::StatusOr<TagStates> states = driver_->ReadTagStates();
  if (!states.ok()) return states.status();
  if (!dry && HalfRemoved(*states) > 0) {
    absl::Status status = FinishHalfRemovedTags(*states);
    if (!status.ok() || registry_problem_) return status;
    looked_at = now_();
    states = driver_->ReadTagStates();
    if (!states.ok()) return states.status();
  }
  absl::StatusOr<PlannedDeletion> planned =
      planner_.Plan(*std::move(states), looked_at);
  if (!planned.ok()) return planned.status();
  outcome_.SetTags(planned->states.size() - HalfRemoved(planned->states));
  report_.Begin(*planned);
  acted_ = !planned->empty() || !planned->unreadable.empty();
  if (dry) {
    report_.Planned(*planned,
                    driver_->BytesOf(DigestsOf(planned->plan.deletions)));
    return absl::OkStatus();
  }
  report_.EarlierAttempt(task_.intent(), *planned);
  report_.PassedOver(planned->passed_over);
  absl::Status status = ReportLostRemovals(*planned);
  if (status.ok() && !planned->empty()) status = Execute(*std::move(planned));
  // Once others were harmed nothing more is deleted, and the intent stays; so
  // it does if something failed, for whoever deletes here next.
  if (!status.ok() || registry_problem_ || report_.failed() || !has_intent_) {
    return status;
  }
  return context_.write_intent(task_.registry(), repository_, nullptr);
}

absl::Status Deletion::CheckDeletes() {
  if (deletes_) return absl::OkStatus();
  const absl::Status status = driver_->CheckDeletes();
  deletes_ = status.ok();
  if (!absl::IsUnimplemented(status)) return status;
  registry_problem_ = ProblemOf(status, task_.registry());
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

// Reports tags that an earlier attempt removed alone and whose images are gone,
// too: that attempt was cut short before it could look at the images.
absl::Status Deletion::ReportLostRemovals(const PlannedDeletion& planned) {
  absl::StatusOr<std::vector<ResolvedTag>> lost =
      planner_.LostRemovals(planned);
  if (!lost.ok()) return lost.status();
  for (const ResolvedTag& removal : *lost) {
    // Nobody can do better: the intent need not stay for it.
    outcome_.Add(MakeAction(
        Action::UNTAG, Action::FAILED, removal.tag, removal.digest.str(),
        "an earlier attempt, which did not finish, removed the tag alone, and "
        "now its image is gone, too: other tags needed it; push it again, and "
        "set shared-digest: keep unless somebody else deleted it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<PlannedDeletion> Deletion::LookAgain(
    const PlannedDeletion& earlier) {
  absl::StatusOr<PlannedDeletion> planned = planner_.PlanAgain(earlier);
  if (!planned.ok()) return planned.status();
  std::erase_if(planned->passed_over, [this](const std::string& tag) {
    return deleted_tags_.contains(tag);
  });
  report_.PassedOver(planned->passed_over);
  return planned;
}

absl::Status Deletion::WriteIntent(const PlannedDeletion& planned) {
  const proto::Intent intent =
      IntentOf(planned.snapshot, planned.plan, planned.gone, planned.untagged,
               planned.dangling);
  const absl::Status status =
      context_.write_intent(task_.registry(), repository_, &intent);
  if (!status.ok()) return status;
  has_intent_ = true;
  planner_.Remember(intent);
  return absl::OkStatus();
}

bool Deletion::IsOld(const PlannedDeletion& planned) const {
  return now_() - planned.looked_at > kPlanLifetime;
}

absl::Status Deletion::Execute(PlannedDeletion planned) {
  absl::Status status = CheckDeletes();
  if (!status.ok() || registry_problem_) return status;
  for (int fruitless = 0; fruitless < kMaxPlans;) {
    absl::StatusOr<PlannedDeletion> again = LookAgain(planned);
    if (!again.ok()) return again.status();
    planned = *std::move(again);
    report_.UseReasonsOf(planned);
    if (planned.empty()) return absl::OkStatus();
    status = WriteIntent(planned);
    if (!status.ok()) return status;
    const size_t deleted = deleted_tags_.size();
    status = DeleteWaves(planned);
    if (!status.ok()) return status;
    if (!out_of_time_) return RemoveTagsAlone(planned);
    const bool got_on = deleted_tags_.size() > deleted;
    fruitless = got_on ? 0 : fruitless + 1;
    if (got_on) continue;
    const absl::Status slept =
        context_.scope->cancellation().SleepFor(kFirstPause * fruitless);
    if (!slept.ok()) return slept;
  }
  return absl::UnavailableError(absl::StrCat(
      "no plan for ", repository_,
      " could be carried out before it was too old: looking at its tags takes "
      "longer than ",
      absl::FormatDuration(kPlanLifetime),
      ", or the registry turns deletes away; raise max-connections, or lower "
      "requests-per-second"));
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
        report_.Deletion(deletions[first], Action::SKIPPED,
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
  std::vector<ImageToDelete> images;
  for (const DigestDeletion* one : wave) {
    images.push_back({one->digest, one->tags});
  }
  std::vector<ImageDeletion> results =
      driver_->DeleteWave(images, planned.looked_at + kPlanLifetime);
  absl::Status ends_task;
  std::vector<Gone> gone;
  for (size_t i = 0; i < wave.size(); ++i) {
    ImageDeletion& result = results[i];
    if (result.found_tags_first) {
      outcome_.Note(
          "the registry deletes no image that a tag points at: doomed tags "
          "are deleted by name first");
    }
    if (result.status.ok()) {
      gone.push_back({wave[i], std::move(result)});
    } else if (CameTooLate(result.status)) {
      out_of_time_ = true;
      ReportUntagged(*wave[i], result);
    } else if (EndsTask(result.status) || MayTakeEffectYet(result.status)) {
      ends_task.Update(result.status);
    } else if (!absl::IsAborted(result.status)) {
      Spare(planned, *wave[i], result);
    }
  }
  const absl::Status checked = CheckOutcome(gone);
  return ends_task.ok() ? checked : ends_task;
}

void Deletion::Spare(const PlannedDeletion& planned,
                     const DigestDeletion& failed,
                     const ImageDeletion& result) {
  DigestDeletion left = failed;
  const std::set<std::string> passed_over(result.passed_over.begin(),
                                          result.passed_over.end());
  report_.PassedOver(passed_over);
  ReportUntagged(failed, result);
  // A refusal is final; everything else may be carried out yet.
  if (HttpStatusOf(result.status) / 100 != 4) is_settled_ = false;
  std::erase_if(left.tags, [&](const std::string& tag) {
    return passed_over.contains(tag) || deleted_tags_.contains(tag);
  });
  report_.Deletion(left, Action::FAILED, ReasonOf(result.status));
  const std::vector<Digest> dependents =
      Attachments(planned.snapshot).ReachOf(failed.digest);
  spared_.insert(failed.digest);
  reported_.insert(failed.digest);
  spared_.insert(dependents.begin(), dependents.end());
}

// The image may go later yet: its intent stays.
void Deletion::ReportUntagged(const DigestDeletion& deletion,
                              const ImageDeletion& result) {
  for (const std::string& tag : result.untagged) {
    report_.UntaggedOnly(tag, deletion.digest);
    deleted_tags_.insert(tag);
  }
}

// Registries behind a cache take a while.
absl::StatusOr<Deletion::LeftTags> Deletion::FindLeftTags(
    const std::vector<Gone>& gone) {
  std::map<std::string, Digest> bore;
  std::set<std::string> tags;
  for (const Gone& one : gone) {
    for (const std::string& tag : one.planned->tags) {
      bore.emplace(tag, one.planned->digest);
      tags.insert(tag);
    }
  }
  if (tags.empty()) return LeftTags();
  const int looks = driver_->LeavesTags() ? 1 : kLooksAtTags;
  absl::Duration pause = kFirstPause;
  for (int look = 1;; ++look, pause *= 2) {
    absl::StatusOr<TagStates> states = driver_->ReadTagStatesOf(tags);
    LeftTags found;
    if (states.ok()) {
      for (auto& [tag, state] : *states) {
        const bool moved = state.kind == TagState::Kind::kHalfRemoved ||
                           (state.digest && *state.digest != bore.at(tag));
        if (moved) {
          found.moved.insert(tag);
        } else {
          found.left.emplace(tag, std::move(state));
        }
      }
      if (found.left.empty()) return found;
    }
    if (look >= looks) {
      if (!states.ok()) return states.status();
      return found;
    }
    const absl::Status slept = context_.scope->cancellation().SleepFor(pause);
    if (!slept.ok()) return slept;
  }
}

absl::StatusOr<Deletion::LeftTags> Deletion::DeleteLeftTags(
    const std::vector<Gone>& gone, LeftTags left,
    std::map<std::string, absl::Status>& refused) {
  std::map<std::string, Digest> tags;
  for (const Gone& one : gone) {
    for (const std::string& tag : one.planned->tags) {
      if (left.left.contains(tag)) tags.emplace(tag, one.planned->digest);
    }
  }
  if (tags.empty()) return left;
  refused = driver_->DeleteLeftTags(tags);
  for (const auto& [tag, status] : refused) {
    if (EndsTask(status) || MayTakeEffectYet(status)) return status;
  }
  if (refused.size() == tags.size()) return left;
  absl::StatusOr<LeftTags> again = FindLeftTags(gone);
  if (!again.ok()) return again.status();
  if (again->left.size() < left.left.size() && driver_->RememberLeavesTags()) {
    outcome_.Note(
        "the registry leaves tags listed whose image is deleted: they are "
        "deleted by name afterwards");
  }
  return again;
}

absl::Status Deletion::CheckOutcome(const std::vector<Gone>& gone) {
  absl::StatusOr<LeftTags> found = FindLeftTags(gone);
  std::map<std::string, absl::Status> refused;
  if (found.ok()) found = DeleteLeftTags(gone, *std::move(found), refused);
  if (!found.ok()) return found.status();
  std::set<std::string> passed_over = found->moved;
  for (const Gone& one : gone) {
    if (one.planned->tags.empty()) {
      report_.Deletion(*one.planned, Action::DONE, "");
    }
    passed_over.insert(one.result.passed_over.begin(),
                       one.result.passed_over.end());
    // Some registries delete by themselves what goes with a deleted image. So a
    // manifest that was gone already was deleted by others only if it belongs
    // to the first wave.
    const bool others_did = one.result.was_gone && one.planned->wave == 0;
    for (const std::string& tag : one.planned->tags) {
      deleted_tags_.insert(tag);
      const auto state = found->left.find(tag);
      if (state == found->left.end()) {
        if (others_did) passed_over.insert(tag);
        if (passed_over.contains(tag)) continue;
        report_.DeletedTag(tag, one.planned->digest);
      } else if (state->second.kind == TagState::Kind::kDangling) {
        dangling_tags_.insert(tag);
      } else {
        const auto why = refused.find(tag);
        report_.Failed(
            Action::DELETE_TAG, tag, "",
            absl::StrCat("its manifest was deleted, but the "
                         "registry still lists the tag and hands "
                         "it out",
                         why == refused.end()
                             ? ""
                             : absl::StrCat(": ", ReasonOf(why->second))));
      }
    }
  }
  report_.PassedOver(passed_over);
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
    if (!is_settled_) {
      report_.Skipped(Action::UNTAG, removal.tag, removal.digest.str(),
                      "what becomes of a DELETE in this repository is not "
                      "known; the next delete takes it up");
    } else if (spared_.contains(removal.digest)) {
      report_.Skipped(Action::UNTAG, removal.tag, removal.digest.str(),
                      "what it is attached to could not be deleted");
    } else {
      tags.push_back({removal.tag, removal.digest, TagsOn(planned, removal)});
    }
  }
  const std::set<std::string> lost(planned.dangling.begin(),
                                   planned.dangling.end());
  for (const std::string& tag : dangling_tags_) tags.push_back({tag, {}});
  for (const std::string& tag : lost) {
    if (dangling_tags_.contains(tag)) continue;
    tags.push_back({tag, {}, {}, planned.states.at(tag).ghost});
  }
  absl::StatusOr<std::vector<TagRemovalOutcome>> outcomes =
      driver_->RemoveTags(tags);
  if (absl::IsDataLoss(outcomes.status())) {
    registry_problem_ = ProblemOf(outcomes.status(), task_.registry());
    registry_problem_->set_kind(proto::Problem::REGISTRY_HARMS_OTHERS);
    return absl::OkStatus();
  }
  if (!outcomes.ok()) return outcomes.status();
  for (const TagRemovalOutcome& removal : *outcomes) {
    if (EndsTask(removal.status) || MayTakeEffectYet(removal.status)) {
      return removal.status;
    }
    report_.Removal(removal, dangling_tags_.contains(removal.tag),
                    lost.contains(removal.tag));
  }
  return absl::OkStatus();
}

}  // namespace

proto::TaskResult DeleteWith(RepositoryDriver& driver,
                             const proto::DeleteRepository& task,
                             TaskContext& context,
                             const std::function<absl::Time()>& now) {
  return Deletion(task, context, &driver, now).Run();
}

proto::TaskResult DeleteRepository(const proto::DeleteRepository& task,
                                   TaskContext& context) {
  absl::StatusOr<RegistryConnection*> connection =
      ConnectTo(task.registry(), context);
  if (!connection.ok()) {
    return FailedResult(SettingsProblem(task.registry(), connection.status()));
  }
  const std::unique_ptr<RepositoryDriver> driver =
      NewPlainDriver({*connection, context.scope}, task.entry().repository(),
                     &context.services->pool());
  return DeleteWith(*driver, task, context);
}

}  // namespace registry_manager
