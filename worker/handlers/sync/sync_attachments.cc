// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/sync_attachments.h"

#include <atomic>
#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/policy/attachment.h"
#include "common/registry/connection/errors.h"
#include "worker/handlers/problem.h"

namespace registry_manager {
namespace {

using proto::Action;

constexpr int kImagesAtOnce = 8;

// Adds what became of the referrers of `subject`. True: there is something.
bool Report(const Digest& subject,
            const absl::StatusOr<std::vector<ReferrerOutcome>>& outcomes,
            bool dry, OutcomeBuilder& outcome) {
  if (!outcomes.ok()) {
    outcome.Add(MakeAction(Action::COPY_REFERRER, Action::FAILED, subject.str(),
                           "", ReasonOf(outcomes.status())));
    return true;
  }
  for (const ReferrerOutcome& referrer : *outcomes) {
    if (EndsTask(referrer.status)) continue;
    const std::string& digest = referrer.digest.str();
    outcome.Add(
        !referrer.status.ok()
            ? MakeAction(Action::COPY_REFERRER, Action::FAILED, digest, digest,
                         ReasonOf(referrer.status))
        : dry
            ? MakeAction(Action::COPY_REFERRER, Action::PLANNED, digest, digest,
                         "the target does not have this referrer")
            : MakeAction(Action::COPY_REFERRER, Action::DONE, digest, digest));
  }
  return !outcomes->empty();
}

// The first status that ends the task.
absl::Status EndOf(
    const absl::StatusOr<std::vector<ReferrerOutcome>>& outcomes) {
  if (EndsTask(outcomes.status())) return outcomes.status();
  if (!outcomes.ok()) return absl::OkStatus();
  for (const ReferrerOutcome& referrer : *outcomes) {
    if (EndsTask(referrer.status)) return referrer.status;
  }
  return absl::OkStatus();
}

}  // namespace

void SyncAttachments::LookFor(const std::set<std::string>& tags,
                              bool referrers) {
  referrers_ = referrers;
  for (const std::string& tag : tags) {
    const std::optional<Digest> subject = SubjectOfTag(tag);
    if (subject) waiting_.emplace(*subject, tag);
  }
}

absl::StatusOr<bool> SyncAttachments::MayHaveAny(const Digest& image) {
  if (referrers_) {
    const absl::StatusOr<bool> listed = copier_->SourceListsReferrers(image);
    if (EndsTask(listed.status())) return listed.status();
    // One that cannot tell fails by the image's name.
    referrers_ = listed.value_or(true);
  }
  return referrers_ || !waiting_.empty();
}

std::vector<std::string> SyncAttachments::TakeTagsOf(const Digest& digest) {
  std::vector<std::string> tags;
  const auto [first, last] = waiting_.equal_range(digest);
  for (auto it = first; it != last; ++it) tags.push_back(it->second);
  waiting_.erase(first, last);
  return tags;
}

std::vector<SyncAttachments::Image> SyncAttachments::TakeNew(
    std::map<std::string, TagComparison>& compared) {
  std::map<Digest, Image> images;
  for (auto& [tag, comparison] : compared) {
    if (!comparison.status.ok() || comparison.half_removed ||
        !looked_into_.insert(tag).second) {
      continue;
    }
    images
        .try_emplace(comparison.source->digest,
                     Image{*comparison.source, {}, {}, {}})
        .first->second.tags.push_back(&comparison);
  }
  std::vector<Image> result;
  for (auto& [digest, image] : images) result.push_back(std::move(image));
  return result;
}

absl::StatusOr<std::vector<std::string>> SyncAttachments::Follow(
    std::map<std::string, TagComparison>& compared) {
  std::vector<std::string> found;
  std::vector<Image> images = TakeNew(compared);
  if (images.empty()) return found;
  ASSIGN_OR_RETURN(const bool may_have, MayHaveAny(images[0].head.digest));
  if (!may_have) return found;
  pool_->ParallelFor(images.size(), kImagesAtOnce, [&](size_t i) {
    absl::StatusOr<std::vector<Digest>> reached =
        copier_->Reach(images[i].head);
    images[i].status = reached.status();
    if (reached.ok()) images[i].reached = *std::move(reached);
  });
  for (const Image& image : images) {
    if (EndsTask(image.status)) return image.status;
    if (!image.status.ok()) {
      for (TagComparison* tag : image.tags) {
        tag->status = Annotate(image.status,
                               "its signatures and referrers cannot be found");
      }
    }
    for (const Digest& digest : image.reached) {
      subjects_.insert(digest);
      for (std::string& tag : TakeTagsOf(digest)) {
        if (!compared.contains(tag)) found.push_back(std::move(tag));
      }
    }
  }
  return found;
}

absl::StatusOr<bool> SyncAttachments::CopyReferrers(bool dry,
                                                    OutcomeBuilder& outcome) {
  if (!referrers_) return false;
  const std::vector<Digest> subjects(subjects_.begin(), subjects_.end());
  std::vector<absl::Status> ends(subjects.size());
  std::atomic<bool> acted = false, ended = false;
  pool_->ParallelFor(subjects.size(), kImagesAtOnce, [&](size_t i) {
    if (ended) return;
    const absl::StatusOr<std::vector<ReferrerOutcome>> outcomes =
        dry ? copier_->MissingReferrers(subjects[i])
            : copier_->CopyReferrers(subjects[i]);
    ends[i] = EndOf(outcomes);
    if (!ends[i].ok()) ended = true;
    if (!EndsTask(outcomes.status()) &&
        Report(subjects[i], outcomes, dry, outcome)) {
      acted = true;
    }
  });
  for (const absl::Status& status : ends) {
    if (!status.ok()) return status;
  }
  return acted.load();
}

}  // namespace registry_manager
