// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/repository_sync.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/policy/sync_selection.h"
#include "common/reference/reference.h"
#include "common/registry/connection/errors.h"
#include "worker/handlers/outcome.h"
#include "worker/handlers/problem.h"
#include "worker/handlers/sync/sync_attachments.h"
#include "worker/handlers/sync/sync_comparison.h"
#include "worker/handlers/sync/sync_to_layout.h"
#include "worker/handlers/sync_delete_conflict.h"

namespace registry_manager {
namespace {

using proto::Action;

// A plan with more copies is handed back, in batches of so many.
constexpr size_t kMaxCopiesInPlace = 64;
constexpr size_t kBatchSize = 32;
constexpr int kImagesAtOnce = 8;
constexpr absl::string_view kNamedButAbsent =
    "the config names this tag, but the source does not have it";

// One repository being synced, or one batch of it.
class Sync {
 public:
  Sync(const SyncRoute& route, const std::string& source_registry,
       const std::string& target_registry, TaskContext& context)
      : route_(route),
        source_registry_(source_registry),
        target_registry_(target_registry),
        context_(context),
        policy_(context.settings->sync_policy()),
        attachments_(route.referrers, &context.services->pool()),
        outcome_(context) {}

  proto::TaskResult RunRepository(const proto::SyncRepository& task);
  proto::TaskResult RunBatch(const proto::SyncBatch& task);

 private:
  absl::Status List(const proto::RepositoryEntry& entry);
  // Selects, and adds what is attached to what is selected.
  absl::Status Select(const proto::SyncRepository& task);
  absl::Status Compare(const std::vector<std::string>& tags);
  // Says so of the tags that were listed and not compared.
  void ReportNotSelected(const proto::RepositoryEntry& entry);
  // Copying follows here, of no more than memory has room for.
  bool ReadsNew(const std::vector<std::string>& tags) const;
  absl::StatusOr<TagListing> ListTarget();
  // Signature-like tags of selected images and of what their indexes list.
  absl::Status AddSignatures();
  void Plan(const std::vector<std::string>& tags);
  std::vector<std::string> TagsToCopy();
  absl::Status CopyAll(const std::vector<std::string>& tags);
  absl::Status CopyTags(const std::vector<std::string>& tags);
  absl::Status CopyReferrers();
  proto::TaskResult Split(const std::vector<std::string>& tags);
  proto::TaskResult Finish(const absl::Status& status);
  Action::Verb VerbOf(const std::string& tag) const {
    return followers_.contains(tag) ? Action::COPY_REFERRER : Action::COPY_TAG;
  }

  const SyncRoute& route_;
  const std::string& source_registry_;
  const std::string& target_registry_;
  TaskContext& context_;
  const proto::SyncPolicy& policy_;
  SyncAttachments attachments_;
  OutcomeBuilder outcome_;

  TagListing source_tags_;
  TagListing target_tags_;
  std::map<std::string, TagComparison> compared_;
  // Signature-like tags that come along with an image.
  std::set<std::string> followers_;
  bool acted_ = false;
};

absl::Status Sync::List(const proto::RepositoryEntry& entry) {
  ASSIGN_OR_RETURN(source_tags_,
                   ListSource(*route_.source, entry, *context_.scope));
  absl::StatusOr<TagListing> target = ListTarget();
  if (target.ok() && target->tags.empty() && !route_.layout_tags) {
    // A server that is not a registry has no tags either.
    RETURN_IF_ERROR(route_.target->CheckIsRegistry());
  }
  if (IsNotTold(target.status())) {
    // It may be pushed to, but not listed: each tag is looked up.
    target_tags_ = source_tags_;
    target_tags_.listed = false;
  } else if (!target.ok()) {
    return target.status();
  } else {
    target_tags_ = *std::move(target);
  }
  outcome_.SetTags(source_tags_.tags.size());
  return absl::OkStatus();
}

absl::StatusOr<TagListing> Sync::ListTarget() {
  if (!route_.layout_tags) return ListTagSet(*route_.target);
  TagListing listing;
  for (const auto& [tag, digest] : *route_.layout_tags)
    listing.tags.insert(tag);
  return listing;
}

absl::Status Sync::Select(const proto::SyncRepository& task) {
  ASSIGN_OR_RETURN(
      SyncFilter filter,
      SyncFilter::Create({policy_.filters().begin(), policy_.filters().end()}));
  const SyncRequest request{
      task.entry().whole(),
      {task.entry().named().begin(), task.entry().named().end()}};
  const SyncSelection selection = SelectForSync(
      {source_tags_.tags.begin(), source_tags_.tags.end()}, filter, request);
  const std::set<std::string> only(task.entry().only().begin(),
                                   task.entry().only().end());
  const auto is_asked = [&only](const std::string& tag) {
    return only.empty() || only.contains(tag);
  };
  for (const std::string& tag : selection.named_but_absent) {
    if (!is_asked(tag)) continue;
    acted_ = true;
    outcome_.Add(MakeAction(Action::COPY_TAG, Action::FAILED, tag, "",
                            std::string(kNamedButAbsent)));
  }
  std::vector<std::string> tags;
  std::copy_if(selection.tags.begin(), selection.tags.end(),
               std::back_inserter(tags), is_asked);
  return Compare(tags);
}

absl::Status Sync::Compare(const std::vector<std::string>& tags) {
  ASSIGN_OR_RETURN(
      auto compared,
      CompareTags(*route_.source, *route_.target,
                  route_.layout_tags ? TagListing() : target_tags_, tags,
                  ReadsNew(tags), context_.services->pool()));
  for (auto& [tag, comparison] : compared) {
    if (!source_tags_.listed && absl::IsNotFound(comparison.status)) {
      comparison.status = absl::NotFoundError(kNamedButAbsent);
    }
    if (!comparison.manifest) continue;
    route_.engine->Remember(tag, *std::move(comparison.manifest));
    comparison.manifest.reset();
  }
  if (route_.layout_tags) CompareWithLayout(*route_.layout_tags, compared);
  compared_.merge(compared);
  return absl::OkStatus();
}

bool Sync::ReadsNew(const std::vector<std::string>& tags) const {
  return !policy_.dry_run() && tags.size() <= kMaxCopiesInPlace &&
         policy_.engine() == proto::SyncPolicy::NATIVE && !route_.layout_tags;
}

absl::Status Sync::AddSignatures() {
  if (!policy_.referrers()) return absl::OkStatus();
  attachments_.LookFor(source_tags_.tags,
                       policy_.engine() == proto::SyncPolicy::NATIVE);
  while (true) {
    ASSIGN_OR_RETURN(std::vector<std::string> found,
                     attachments_.Follow(compared_));
    if (found.empty()) return absl::OkStatus();
    followers_.insert(found.begin(), found.end());
    RETURN_IF_ERROR(Compare(found));
  }
}

void Sync::ReportNotSelected(const proto::RepositoryEntry& entry) {
  // A retry asks for some of what is selected.
  if (entry.only_size() > 0) return;
  for (const std::string& tag : source_tags_.tags) {
    if (compared_.contains(tag)) continue;
    outcome_.Add(MakeAction(Action::NOT_SELECTED, Action::SKIPPED, tag, "",
                            entry.whole() ? "matches none of the filters"
                                          : "the config names other tags"));
  }
}

// Returns the tags that differ. Tags that are attached to images come before
// the images.
std::vector<std::string> Sync::TagsToCopy() {
  std::vector<std::string> attached, images;
  for (const auto& [tag, comparison] : compared_) {
    if (!comparison.status.ok()) {
      acted_ = true;
      outcome_.Add(MakeAction(VerbOf(tag), Action::FAILED, tag, "",
                              ReasonOf(comparison.status)));
    } else if (comparison.half_removed) {
      outcome_.Note(absl::StrCat("tag ", tag,
                                 " is half removed at the source: not copied"));
    } else if (comparison.same && !policy_.force()) {
      outcome_.Add(MakeAction(VerbOf(tag), Action::SKIPPED, tag,
                              comparison.source->digest.str(),
                              "the target has it"));
    } else {
      (IsSignatureLikeTag(tag) ? attached : images).push_back(tag);
    }
  }
  attached.insert(attached.end(), images.begin(), images.end());
  return attached;
}

proto::TaskResult Sync::RunRepository(const proto::SyncRepository& task) {
  absl::Status status = List(task.entry());
  if (status.ok() && !source_tags_.exists && task.expected() &&
      task.entry().whole()) {
    status = absl::NotFoundError(absl::StrCat("the source has no repository ",
                                              task.entry().repository()));
  }
  if (status.ok()) status = Select(task);
  if (status.ok()) status = AddSignatures();
  if (!status.ok()) return Finish(status);
  ReportNotSelected(task.entry());
  if (route_.layout_tags) {
    const std::string note = LayoutNote(task.target(), compared_);
    if (!note.empty()) outcome_.Note(note);
  }
  const std::vector<std::string> tags = TagsToCopy();
  acted_ |= !tags.empty();
  if (task.target_deletes()) {
    const std::string note = SyncDeleteConflict(
        context_.settings->delete_policy(), target_tags_.tags, tags);
    if (!note.empty()) outcome_.Note(note);
  }
  if (policy_.dry_run()) {
    Plan(tags);
    return Finish(CopyReferrers());
  }
  const bool splits = policy_.engine() == proto::SyncPolicy::NATIVE;
  if (tags.size() <= kMaxCopiesInPlace || !splits) {
    return Finish(CopyAll(tags));
  }
  // Once for all batches, which have tags that share an image.
  status = CopyReferrers();
  return status.ok() ? Split(tags) : Finish(status);
}

void Sync::Plan(const std::vector<std::string>& tags) {
  for (const std::string& tag : tags) {
    const TagComparison& comparison = compared_.at(tag);
    const bool moves = target_tags_.tags.contains(tag);
    outcome_.Add(MakeAction(
        VerbOf(tag), Action::PLANNED, tag, comparison.source->digest.str(),
        comparison.same ? "the target has it; force: true copies it again"
        : moves         ? "the target's tag points at another image"
                        : "the target does not have it"));
  }
}

proto::TaskResult Sync::RunBatch(const proto::SyncBatch& task) {
  const std::vector<std::string> tags(task.tags().begin(), task.tags().end());
  for (const std::string& tag : tags) {
    if (IsSignatureLikeTag(tag)) followers_.insert(tag);
  }
  // A few look-ups cost less than the listing of a large repository.
  target_tags_.listed = false;
  target_tags_.tags.insert(tags.begin(), tags.end());
  const absl::Status status = Compare(tags);
  if (!status.ok()) return Finish(status);
  const std::vector<std::string> to_copy = TagsToCopy();
  acted_ |= !to_copy.empty();
  return Finish(CopyAll(to_copy));
}

absl::Status Sync::CopyAll(const std::vector<std::string>& tags) {
  // Signatures first: no image is to be seen without them.
  const auto images = std::find_if(
      tags.begin(), tags.end(),
      [](const std::string& tag) { return !IsSignatureLikeTag(tag); });
  RETURN_IF_ERROR(CopyTags({tags.begin(), images}));
  RETURN_IF_ERROR(CopyReferrers());
  return CopyTags({images, tags.end()});
}

absl::Status Sync::CopyTags(const std::vector<std::string>& tags) {
  std::vector<absl::Status> results(tags.size());
  // Skopeo copies six layers at once, and takes that many passes.
  const bool native = policy_.engine() == proto::SyncPolicy::NATIVE;
  const int width = native ? kImagesAtOnce : 1;
  context_.services->pool().ParallelFor(tags.size(), width, [&](size_t i) {
    results[i] = context_.scope->cancellation().status();
    if (results[i].ok()) results[i] = route_.engine->CopyTag(tags[i]);
    outcome_.SetTransfers(*route_.tally);
    if (EndsTask(results[i])) return;
    const std::string digest = compared_.at(tags[i]).source->digest.str();
    outcome_.Add(
        results[i].ok()
            ? MakeAction(VerbOf(tags[i]), Action::DONE, tags[i], digest)
            : MakeAction(VerbOf(tags[i]), Action::FAILED, tags[i], digest,
                         ReasonOf(results[i])));
  });
  for (const absl::Status& result : results) {
    if (EndsTask(result)) return result;
  }
  return absl::OkStatus();
}

// Nothing in a batch, which looks into no image.
absl::Status Sync::CopyReferrers() {
  ASSIGN_OR_RETURN(const bool acted,
                   attachments_.CopyReferrers(policy_.dry_run(), outcome_));
  acted_ |= acted;
  return absl::OkStatus();
}

proto::TaskResult Sync::Split(const std::vector<std::string>& tags) {
  proto::TaskResult result = outcome_.Finish(proto::TaskResult::SPLIT);
  for (size_t first = 0; first < tags.size(); first += kBatchSize) {
    proto::Batch& batch = *result.add_batches();
    const size_t last = std::min(first + kBatchSize, tags.size());
    for (size_t i = first; i < last; ++i) batch.add_tags(tags[i]);
  }
  return result;
}

proto::TaskResult Sync::Finish(const absl::Status& status) {
  if (!status.ok()) {
    const std::string registry = RegistryOf(status);
    return outcome_.Fail(ProblemOf(
        status, registry == target_registry_ ? registry : source_registry_));
  }
  outcome_.SetTransfers(*route_.tally);
  return outcome_.Finish(acted_ ? proto::TaskResult::DONE
                                : proto::TaskResult::SKIPPED);
}

}  // namespace

proto::TaskResult SyncRepositoryOver(const SyncRoute& route,
                                     const proto::SyncRepository& task,
                                     TaskContext& context) {
  return Sync(route, task.source(), task.target(), context).RunRepository(task);
}

proto::TaskResult SyncBatchOver(const SyncRoute& route,
                                const proto::SyncBatch& task,
                                TaskContext& context) {
  return Sync(route, task.source(), task.target(), context).RunBatch(task);
}

}  // namespace registry_manager
