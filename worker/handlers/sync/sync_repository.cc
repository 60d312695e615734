// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/sync_repository.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/sync_selection.h"
#include "common/reference/reference.h"
#include "common/registry/api/listing.h"
#include "common/registry/connection/errors.h"
#include "common/registry/copy/image_copier.h"
#include "worker/handlers/copy_engine.h"
#include "worker/handlers/outcome.h"
#include "worker/handlers/problem.h"
#include "worker/handlers/settings.h"
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
    "the config names this tag, and the source has none such";

// One repository being synced, or one batch of it.
class Sync {
 public:
  Sync(TaskContext& context, RegistryConnection& source,
       const std::string& source_repository, RegistryConnection& target,
       const std::string& target_repository)
      : context_(context),
        policy_(context.settings->sync_policy()),
        source_connection_(source),
        target_connection_(target),
        route_{{&source, context.scope},
               source_repository,
               {&target, context.scope, /*pushes=*/!policy_.dry_run()},
               target_repository},
        copier_(route_, context.blobs, &context.services->pool(), &tally_),
        engine_(NewNativeEngine(&copier_)),
        attachments_(&copier_, &context.services->pool()),
        outcome_(context) {}

  void UseEngine(std::unique_ptr<CopyEngine> engine) {
    engine_ = std::move(engine);
  }
  // The target is a folder that holds `tags`, not a repository of a registry;
  // an engine that writes it is in use.
  void UseLayout(std::map<std::string, Digest> tags) {
    layout_tags_ = std::move(tags);
  }

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

  TaskContext& context_;
  const proto::SyncPolicy& policy_;
  RegistryConnection& source_connection_;
  RegistryConnection& target_connection_;
  CopyTally tally_;
  const CopyRoute route_;
  ImageCopier copier_;
  std::unique_ptr<CopyEngine> engine_;
  SyncAttachments attachments_;
  OutcomeBuilder outcome_;

  TagListing source_tags_;
  TagListing target_tags_;
  std::optional<std::map<std::string, Digest>> layout_tags_;
  std::map<std::string, TagComparison> compared_;
  // Signature-like tags that come along with an image.
  std::set<std::string> followers_;
  bool acted_ = false;
};

absl::Status Sync::List(const proto::RepositoryEntry& entry) {
  absl::StatusOr<TagListing> source =
      ListSource(route_.source, route_.source_repository, entry);
  if (!source.ok()) return source.status();
  source_tags_ = *std::move(source);
  absl::StatusOr<TagListing> target = ListTarget();
  if (target.ok() && target->tags.empty() && !layout_tags_) {
    // A server that is not a registry has no tags either.
    if (absl::Status status = CheckIsRegistry(route_.target); !status.ok()) {
      return status;
    }
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
  if (!layout_tags_) return ListTagSet(route_.target, route_.target_repository);
  TagListing listing;
  for (const auto& [tag, digest] : *layout_tags_) listing.tags.insert(tag);
  return listing;
}

absl::Status Sync::Select(const proto::SyncRepository& task) {
  absl::StatusOr<SyncFilter> filter =
      SyncFilter::Create({policy_.filters().begin(), policy_.filters().end()});
  if (!filter.ok()) return filter.status();
  const SyncRequest request{
      task.entry().whole(),
      {task.entry().named().begin(), task.entry().named().end()}};
  const SyncSelection selection = SelectForSync(
      {source_tags_.tags.begin(), source_tags_.tags.end()}, *filter, request);
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
  absl::StatusOr<std::map<std::string, TagComparison>> compared = CompareTags(
      route_.source, route_.source_repository, route_.target,
      route_.target_repository, layout_tags_ ? TagListing() : target_tags_,
      tags, ReadsNew(tags), context_.services->pool());
  if (!compared.ok()) return compared.status();
  for (auto& [tag, comparison] : *compared) {
    if (!source_tags_.listed && absl::IsNotFound(comparison.status)) {
      comparison.status = absl::NotFoundError(kNamedButAbsent);
    }
    if (!comparison.manifest) continue;
    copier_.Remember(tag, *std::move(comparison.manifest));
    comparison.manifest.reset();
  }
  if (layout_tags_) CompareWithLayout(*layout_tags_, *compared);
  compared_.merge(*compared);
  return absl::OkStatus();
}

bool Sync::ReadsNew(const std::vector<std::string>& tags) const {
  return !policy_.dry_run() && tags.size() <= kMaxCopiesInPlace &&
         policy_.engine() == proto::SyncPolicy::NATIVE && !layout_tags_;
}

absl::Status Sync::AddSignatures() {
  if (!policy_.referrers()) return absl::OkStatus();
  attachments_.LookFor(source_tags_.tags,
                       policy_.engine() == proto::SyncPolicy::NATIVE);
  while (true) {
    absl::StatusOr<std::vector<std::string>> found =
        attachments_.Follow(compared_);
    if (!found.ok()) return found.status();
    if (found->empty()) return absl::OkStatus();
    followers_.insert(found->begin(), found->end());
    if (absl::Status status = Compare(*found); !status.ok()) return status;
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
                                              route_.source_repository));
  }
  if (status.ok()) status = Select(task);
  if (status.ok()) status = AddSignatures();
  if (!status.ok()) return Finish(status);
  ReportNotSelected(task.entry());
  if (layout_tags_) {
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
  absl::Status status = CopyTags({tags.begin(), images});
  if (!status.ok()) return status;
  status = CopyReferrers();
  if (!status.ok()) return status;
  return CopyTags({images, tags.end()});
}

absl::Status Sync::CopyTags(const std::vector<std::string>& tags) {
  std::vector<absl::Status> results(tags.size());
  // Skopeo copies six layers at once, and takes that many passes.
  const bool native = policy_.engine() == proto::SyncPolicy::NATIVE;
  const int width = native ? kImagesAtOnce : 1;
  context_.services->pool().ParallelFor(tags.size(), width, [&](size_t i) {
    results[i] = context_.scope->cancellation().status();
    if (results[i].ok()) results[i] = engine_->CopyTag(tags[i]);
    outcome_.SetTransfers(tally_);
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
  const absl::StatusOr<bool> acted =
      attachments_.CopyReferrers(policy_.dry_run(), outcome_);
  if (!acted.ok()) return acted.status();
  acted_ |= *acted;
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
    const bool target =
        RegistryOf(status) == target_connection_.address().str();
    return outcome_.Fail(
        ProblemOf(status, target ? target_connection_ : source_connection_));
  }
  outcome_.SetTransfers(tally_);
  return outcome_.Finish(acted_ ? proto::TaskResult::DONE
                                : proto::TaskResult::SKIPPED);
}

// Opens both ends, both registries, and the engine that the policy names, and
// lets `run` do the rest.
proto::TaskResult RunSync(const std::string& source_id,
                          const std::string& source_repository,
                          const std::string& target_id,
                          const std::string& target_repository,
                          TaskContext& context,
                          const std::function<proto::TaskResult(Sync&)>& run) {
  absl::StatusOr<RegistryConnection*> source = ConnectTo(source_id, context);
  if (!source.ok()) {
    return FailedResult(SettingsProblem(source_id, source.status()));
  }
  absl::StatusOr<RegistryConnection*> target = ConnectTo(target_id, context);
  if (!target.ok()) {
    return FailedResult(SettingsProblem(target_id, target.status()));
  }
  Sync sync(context, **source, source_repository, **target, target_repository);
  if (context.settings->sync_policy().engine() == proto::SyncPolicy::SKOPEO) {
    absl::StatusOr<std::unique_ptr<CopyEngine>> engine = NewSkopeoEngine(
        context, **FindRegistry(source_id, context), source_repository,
        **FindRegistry(target_id, context), target_repository);
    if (!engine.ok()) return FailedResult(engine.status(), **source);
    sync.UseEngine(*std::move(engine));
  }
  return run(sync);
}

proto::TaskResult SyncToLayout(const proto::SyncRepository& task,
                               TaskContext& context) {
  absl::StatusOr<RegistryConnection*> source =
      ConnectTo(task.source(), context);
  if (!source.ok()) {
    return FailedResult(SettingsProblem(task.source(), source.status()));
  }
  absl::StatusOr<OpenedLayout> layout =
      OpenLayout(task, **FindRegistry(task.source(), context), context);
  if (!layout.ok()) return FailedResult(layout.status(), **source);
  // There is no target that could be asked.
  Sync sync(context, **source, task.entry().repository(), **source,
            task.target_repository());
  sync.UseEngine(std::move(layout->engine));
  sync.UseLayout(std::move(layout->tags));
  return sync.RunRepository(task);
}

}  // namespace

proto::TaskResult SyncRepository(const proto::SyncRepository& task,
                                 TaskContext& context) {
  if (IsLayout(task.target())) return SyncToLayout(task, context);
  return RunSync(task.source(), task.entry().repository(), task.target(),
                 task.target_repository(), context,
                 [&](Sync& sync) { return sync.RunRepository(task); });
}

proto::TaskResult SyncBatch(const proto::SyncBatch& task,
                            TaskContext& context) {
  return RunSync(task.source(), task.repository(), task.target(),
                 task.target_repository(), context,
                 [&](Sync& sync) { return sync.RunBatch(task); });
}

}  // namespace registry_manager
