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
#include "common/base/status_macros.h"
#include "common/policy/attachment.h"
#include "common/registry/drivers/driver.h"
#include "worker/handlers/deletion/deletion_planner.h"
#include "worker/handlers/deletion/deletion_report.h"
#include "worker/handlers/deletion/intent.h"
#include "worker/handlers/deletion/left_tags.h"
#include "worker/handlers/deletion/removal_plan.h"
#include "worker/handlers/outcome.h"
#include "worker/handlers/problem.h"
#include "worker/handlers/settings.h"

namespace registry_manager {
namespace {

using proto::Action;

// A plan that is older is made afresh.
constexpr absl::Duration kPlanLifetime = absl::Minutes(5);
constexpr int kMaxPlans = 6;
// The pause after the first plan that came to nothing.
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
    return outcome_.Finish(acted_ ? proto::TaskResult::DONE
                                  : proto::TaskResult::SKIPPED);
  }

 private:
  // A manifest of the plan that is gone, and the driver's word of it.
  struct Gone {
    const DigestDeletion* planned;
    ImageOutcome outcome;
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
  // Deletes the plan's images, until it is old: then `out_of_time_`.
  absl::Status DeleteImages(const PlannedDeletion& planned);
  // The images of the plan that are not spared already.
  std::vector<const DigestDeletion*> ImagesToDelete(
      const PlannedDeletion& planned, const Attachments& attachments);
  // Takes note of what became of an image that was not deleted.
  void NoteLeft(const DigestDeletion& deletion, const ImageOutcome& outcome,
                const Attachments& attachments);
  void Spare(const Digest& digest, const Attachments& attachments);
  void ReportSpared(const DigestDeletion& deletion);
  void ReportUntagged(const DigestDeletion& deletion,
                      const ImageOutcome& outcome);
  // Judges by the listing whether the images' tags are gone, too. `removal` is
  // how the removal ended: nothing is waited for or deleted by name if it ended
  // early.
  absl::Status CheckOutcome(const std::vector<Gone>& gone,
                            const absl::Status& removal);
  // Reports those of the image's tags that are not listed any more.
  void ReportGoneTags(const Gone& gone, const LeftTags& found,
                      std::set<std::string>& passed_over);
  void ReportLeftTags(const Gone& gone, const LeftTags& found);
  // The tags that go without their image. Reports those that must wait.
  std::vector<TagToRemove> TagsToRemove(const PlannedDeletion& planned);
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
  // Tags that somebody else has moved or pushed again: no further plan dooms
  // them, wherever they point.
  std::set<std::string> others_tags_;
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
    RETURN_IF_ERROR(FinishHalfRemovedTags(*states));
    looked_at = now_();
    states = driver_->ReadTagStates();
    if (!states.ok()) return states.status();
  }
  ASSIGN_OR_RETURN(PlannedDeletion planned,
                   planner_.Plan(*std::move(states), looked_at));
  outcome_.SetTags(planned.states.size() - HalfRemoved(planned.states));
  report_.Begin(planned);
  acted_ = !planned.empty() || !planned.unreadable.empty();
  if (dry) {
    report_.Planned(planned,
                    driver_->BytesOf(DigestsOf(planned.plan.deletions)));
    return absl::OkStatus();
  }
  report_.EarlierAttempt(task_.intent(), planned);
  report_.PassedOver(planned.passed_over);
  absl::Status status = ReportLostRemovals(planned);
  if (status.ok() && !planned.empty()) status = Execute(std::move(planned));
  // If something failed, the intent stays for whoever deletes here next.
  if (!status.ok() || report_.failed() || !has_intent_) return status;
  return context_.write_intent(task_.registry(), repository_, nullptr);
}

absl::Status Deletion::CheckDeletes() {
  if (deletes_) return absl::OkStatus();
  RETURN_IF_ERROR(driver_->CheckDeletes());
  deletes_ = true;
  return absl::OkStatus();
}

absl::Status Deletion::FinishHalfRemovedTags(const TagStates& states) {
  RETURN_IF_ERROR(CheckDeletes());
  if (!has_intent_) {
    // A registry that is killed in this leaves them dangling: by our doing.
    proto::Intent intent;
    for (const auto& [tag, state] : states) {
      if (state.kind == TagState::Kind::kHalfRemoved) {
        intent.add_removals()->set_tag(tag);
      }
    }
    RETURN_IF_ERROR(
        context_.write_intent(task_.registry(), repository_, &intent));
    has_intent_ = true;
    planner_.Remember(intent);
  }
  return driver_->FinishHalfRemovedTags();
}

// Reports tags that an earlier attempt removed alone and whose images are gone,
// too: that attempt was cut short before it could look at the images.
absl::Status Deletion::ReportLostRemovals(const PlannedDeletion& planned) {
  ASSIGN_OR_RETURN(std::vector<ResolvedTag> lost,
                   planner_.LostRemovals(planned));
  for (const ResolvedTag& removal : lost) {
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
  ASSIGN_OR_RETURN(PlannedDeletion planned, planner_.PlanAgain(earlier));
  std::erase_if(planned.passed_over, [this](const std::string& tag) {
    return deleted_tags_.contains(tag);
  });
  report_.PassedOver(planned.passed_over);
  return planned;
}

absl::Status Deletion::WriteIntent(const PlannedDeletion& planned) {
  const proto::Intent intent =
      IntentOf(planned.snapshot, planned.plan, planned.gone, planned.untagged,
               planned.dangling);
  RETURN_IF_ERROR(
      context_.write_intent(task_.registry(), repository_, &intent));
  has_intent_ = true;
  planner_.Remember(intent);
  return absl::OkStatus();
}

bool Deletion::IsOld(const PlannedDeletion& planned) const {
  return now_() - planned.looked_at > kPlanLifetime;
}

absl::Status Deletion::Execute(PlannedDeletion planned) {
  RETURN_IF_ERROR(CheckDeletes());
  for (int fruitless = 0; fruitless < kMaxPlans;) {
    // Guard: tag-of-others-is-not-doomed-again
    for (const std::string& tag : others_tags_) planned.doomed.erase(tag);
    ASSIGN_OR_RETURN(planned, LookAgain(planned));
    report_.UseReasonsOf(planned);
    if (planned.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(WriteIntent(planned));
    const size_t deleted = deleted_tags_.size();
    RETURN_IF_ERROR(DeleteImages(planned));
    if (!out_of_time_) return RemoveTagsAlone(planned);
    const bool got_on = deleted_tags_.size() > deleted;
    fruitless = got_on ? 0 : fruitless + 1;
    if (got_on) continue;
    RETURN_IF_ERROR(
        context_.scope->cancellation().SleepFor(kFirstPause * fruitless));
  }
  return absl::UnavailableError(absl::StrCat(
      "no plan for ", repository_,
      " could be carried out before it was too old: looking at its tags takes "
      "longer than ",
      absl::FormatDuration(kPlanLifetime),
      ", or the registry turns deletes away; raise max-connections, or lower "
      "requests-per-second"));
}

std::vector<const DigestDeletion*> Deletion::ImagesToDelete(
    const PlannedDeletion& planned, const Attachments& attachments) {
  std::vector<const DigestDeletion*> images;
  for (const DigestDeletion& deletion : planned.plan.deletions) {
    if (spared_.contains(deletion.digest)) {
      // Somebody may have attached more to it since.
      Spare(deletion.digest, attachments);
      ReportSpared(deletion);
    } else {
      images.push_back(&deletion);
    }
  }
  return images;
}

absl::Status Deletion::DeleteImages(const PlannedDeletion& planned) {
  out_of_time_ = IsOld(planned);
  if (out_of_time_) return absl::OkStatus();
  const Attachments attachments(planned.snapshot);
  const std::vector<const DigestDeletion*> deletions =
      ImagesToDelete(planned, attachments);
  RemovalOutcome removal = driver_->Remove(PlanImageRemoval(
      deletions, attachments, planned.looked_at + kPlanLifetime));
  std::vector<Gone> gone;
  for (size_t i = 0; i < deletions.size(); ++i) {
    ImageOutcome& outcome = removal.images[i];
    if (outcome.found_tags_first) {
      outcome_.Note(
          "the registry deletes no image that a tag points at: doomed tags "
          "are deleted by name first");
    }
    const bool is_gone = outcome.kind == ImageOutcome::Kind::kDeleted ||
                         outcome.kind == ImageOutcome::Kind::kWasGone;
    if (is_gone) {
      gone.push_back({deletions[i], std::move(outcome)});
    } else {
      NoteLeft(*deletions[i], outcome, attachments);
    }
  }
  return CheckOutcome(gone, removal.status);
}

void Deletion::Spare(const Digest& digest, const Attachments& attachments) {
  spared_.insert(digest);
  const std::vector<Digest> reached = attachments.ReachOf(digest);
  spared_.insert(reached.begin(), reached.end());
}

void Deletion::NoteLeft(const DigestDeletion& deletion,
                        const ImageOutcome& outcome,
                        const Attachments& attachments) {
  switch (outcome.kind) {
    case ImageOutcome::Kind::kTooLate:
      out_of_time_ = true;
      ReportUntagged(deletion, outcome);
      return;
    case ImageOutcome::Kind::kSpared:
      ReportSpared(deletion);
      return;
    case ImageOutcome::Kind::kFailed:
      is_settled_ = false;
      break;
    case ImageOutcome::Kind::kRefused:
      break;
    default:
      return;
  }
  DigestDeletion left = deletion;
  const std::set<std::string> passed_over(outcome.passed_over.begin(),
                                          outcome.passed_over.end());
  report_.PassedOver(passed_over);
  ReportUntagged(deletion, outcome);
  std::erase_if(left.tags, [&](const std::string& tag) {
    return passed_over.contains(tag) || deleted_tags_.contains(tag);
  });
  report_.Deletion(left, Action::FAILED, ReasonOf(outcome.status));
  reported_.insert(deletion.digest);
  Spare(deletion.digest, attachments);
}

void Deletion::ReportSpared(const DigestDeletion& deletion) {
  if (!reported_.insert(deletion.digest).second) return;
  report_.Deletion(deletion, Action::SKIPPED,
                   "what it is attached to could not be deleted");
}

// The image may go later yet: its intent stays.
void Deletion::ReportUntagged(const DigestDeletion& deletion,
                              const ImageOutcome& outcome) {
  for (const std::string& tag : outcome.untagged) {
    report_.UntaggedOnly(tag, deletion.digest);
    deleted_tags_.insert(tag);
  }
}

absl::Status Deletion::CheckOutcome(const std::vector<Gone>& gone,
                                    const absl::Status& removal) {
  std::map<std::string, Digest> tags;
  for (const Gone& one : gone) {
    for (const std::string& tag : one.planned->tags) {
      tags.emplace(tag, one.planned->digest);
    }
  }
  const absl::StatusOr<LeftTags> looked =
      removal.ok()
          ? CheckLeftTags(*driver_, tags, context_.scope->cancellation())
          : FindLeftTags(*driver_, tags);
  // The images are gone, whatever the listing says.
  const LeftTags found = looked.ok() ? *looked : LeftTags();
  if (found.found_to_leave_tags) {
    outcome_.Note(
        "the registry leaves tags listed whose image is deleted: they are "
        "deleted by name afterwards");
  }
  others_tags_.insert(found.moved.begin(), found.moved.end());
  std::set<std::string> passed_over = found.moved;
  for (const Gone& one : gone) {
    if (one.planned->tags.empty()) {
      report_.Deletion(*one.planned, Action::DONE, "");
    }
    ReportGoneTags(one, found, passed_over);
    // If the removal ended early, the next attempt looks again.
    if (removal.ok()) ReportLeftTags(one, found);
  }
  report_.PassedOver(passed_over);
  return removal.ok() ? looked.status() : removal;
}

void Deletion::ReportGoneTags(const Gone& gone, const LeftTags& found,
                              std::set<std::string>& passed_over) {
  passed_over.insert(gone.outcome.passed_over.begin(),
                     gone.outcome.passed_over.end());
  // Some registries delete by themselves what goes with a deleted image. So a
  // manifest that was gone already was deleted by others only if it belongs to
  // the first wave.
  const bool others_did = gone.outcome.kind == ImageOutcome::Kind::kWasGone &&
                          gone.planned->wave == 0;
  for (const std::string& tag : gone.planned->tags) {
    deleted_tags_.insert(tag);
    if (found.left.contains(tag)) continue;
    if (others_did) passed_over.insert(tag);
    if (passed_over.contains(tag)) continue;
    report_.DeletedTag(tag, gone.planned->digest);
  }
}

void Deletion::ReportLeftTags(const Gone& gone, const LeftTags& found) {
  for (const std::string& tag : gone.planned->tags) {
    const auto state = found.left.find(tag);
    if (state == found.left.end()) continue;
    if (state->second.kind == TagState::Kind::kDangling) {
      dangling_tags_.insert(tag);
      continue;
    }
    const auto why = found.refused.find(tag);
    report_.Failed(
        Action::DELETE_TAG, tag, "",
        absl::StrCat("its manifest was deleted, but the registry still lists "
                     "the tag and hands it out",
                     why == found.refused.end()
                         ? ""
                         : absl::StrCat(": ", ReasonOf(why->second))));
  }
}

std::vector<TagToRemove> Deletion::TagsToRemove(
    const PlannedDeletion& planned) {
  constexpr char kUnsettled[] =
      "what becomes of a DELETE in this repository is not known; the next "
      "delete takes it up";
  std::vector<TagToRemove> tags;
  for (const TagRemoval& removal : planned.plan.removals) {
    if (!is_settled_) {
      report_.Skipped(Action::UNTAG, removal.tag, removal.digest.str(),
                      kUnsettled);
    } else if (spared_.contains(removal.digest)) {
      report_.Skipped(Action::UNTAG, removal.tag, removal.digest.str(),
                      "what it is attached to could not be deleted");
    } else {
      tags.push_back(PlanTagRemoval(planned, removal));
    }
  }
  std::set<std::string> dangling = dangling_tags_;
  dangling.insert(planned.dangling.begin(), planned.dangling.end());
  for (const std::string& tag : dangling) {
    // Guard: unsettled-delete-holds-tags-back
    if (!is_settled_) {
      report_.Skipped(Action::DELETE_TAG, tag, "", kUnsettled);
      continue;
    }
    const auto state = planned.states.find(tag);
    tags.push_back(
        {tag,
         {},
         {},
         dangling_tags_.contains(tag) ? std::nullopt : state->second.ghost});
  }
  return tags;
}

absl::Status Deletion::RemoveTagsAlone(const PlannedDeletion& planned) {
  const RemovalOutcome removal =
      driver_->Remove({.tags = TagsToRemove(planned)});
  const std::set<std::string> lost(planned.dangling.begin(),
                                   planned.dangling.end());
  for (const TagOutcome& tag : removal.tags) {
    if (tag.kind == TagOutcome::Kind::kNotTried) continue;
    report_.Removal(tag, dangling_tags_.contains(tag.tag),
                    lost.contains(tag.tag));
  }
  return removal.status;
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
  absl::StatusOr<RegistryDriver*> driver = DriverOf(task.registry(), context);
  if (!driver.ok()) {
    return FailedResult(SettingsProblem(task.registry(), driver.status()));
  }
  return DeleteWith(*(*driver)->Open(*context.scope, task.entry().repository(),
                                     /*pushes=*/false),
                    task, context);
}

}  // namespace registry_manager
