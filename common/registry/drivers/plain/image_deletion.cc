// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/image_deletion.h"

#include <atomic>

#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/retry.h"
#include "common/registry/drivers/plain/deletion.h"

namespace registry_manager {
namespace {

using Support = DeletionCapabilities::Support;

// A tag that nobody has.
constexpr absl::string_view kNobodysTag = "registry-manager-probe-1";
constexpr int kMaxQuestions = 4;

// A refusal that a registry may give because a tag points at the digest:
// Google's 400 GOOGLE_MANIFEST_DANGLING_TAG, others' 403 and 409.
bool MayWantTagsFirst(const absl::Status& refusal) {
  const int status = HttpStatusOf(refusal);
  return status == 400 || status == 403 || status == 409;
}

// OK if the registry takes DELETE of a tag in this repository at all, found out
// with a tag that does not exist; otherwise the reason why not.
absl::Status TakesTagDelete(PlainRepository& repository) {
  std::atomic<Support>& known = repository.capabilities->takes_tag_delete;
  const absl::Status never = absl::UnimplementedError(
      "the registry does not delete tags by their names");
  if (known == Support::kYes) return absl::OkStatus();
  if (known == Support::kNo) return never;
  absl::Status answer;
  for (int attempt = 0; attempt < kMaxQuestions; ++attempt) {
    answer = DeleteDanglingTag(repository, kNobodysTag);
    const int status = HttpStatusOf(answer);
    if (status != 429 && status != 503) break;
    RETURN_IF_ERROR(
        repository.client.task->cancellation().SleepFor(BackOff(attempt)));
  }
  if (answer.ok() || absl::IsNotFound(answer)) {
    known = Support::kYes;
    return absl::OkStatus();
  }
  // Rights (403) are this repository's, and a failure passes.
  if (absl::IsUnimplemented(answer) || absl::IsInvalidArgument(answer)) {
    known = Support::kNo;
    return never;
  }
  return answer;
}

void DeleteByDigest(PlainRepository& repository, const Digest& digest,
                    absl::Time look_lasts_until, ImageDeletion& result) {
  const absl::StatusOr<Deleted> deleted =
      DeleteDigest(repository, digest, look_lasts_until);
  result.status = deleted.status();
  result.was_gone = deleted.ok() && *deleted == Deleted::kPassedOver;
}

// OK: no tag of the image is left.
absl::Status DeleteTags(PlainRepository& repository, const Digest& digest,
                        const std::vector<std::string>& tags,
                        ImageDeletion& result) {
  for (const std::string& tag : tags) {
    ASSIGN_OR_RETURN(const Deleted deleted, DeleteTag(repository, tag, digest));
    (deleted == Deleted::kDone ? result.untagged : result.passed_over)
        .push_back(tag);
  }
  return absl::OkStatus();
}

}  // namespace

ImageDeletion DeleteImage(PlainRepository& repository, const Digest& digest,
                          const std::vector<std::string>& tags,
                          absl::Time look_lasts_until) {
  ImageDeletion result;
  std::atomic<Support>& deletes_tagged =
      repository.capabilities->deletes_tagged;
  const bool tags_first = deletes_tagged == Support::kNo && !tags.empty();
  if (!tags_first) {
    DeleteByDigest(repository, digest, look_lasts_until, result);
    if (result.status.ok() && !tags.empty()) {
      deletes_tagged = Support::kYes;
    }
    if (result.status.ok() || tags.empty() ||
        !MayWantTagsFirst(result.status) || !TakesTagDelete(repository).ok()) {
      return result;
    }
  }
  const absl::Status untagged = DeleteTags(repository, digest, tags, result);
  if (!untagged.ok()) {
    // Unless something is known of the tags, the digest's refusal says more.
    const bool says_less = HttpStatusOf(untagged) != 0 &&
                           !MayTakeEffectYet(untagged) && !tags_first;
    if (!says_less) result.status = untagged;
    return result;
  }
  DeleteByDigest(repository, digest, look_lasts_until, result);
  if (!result.status.ok()) return result;
  result.was_gone = result.was_gone && result.untagged.empty();
  result.untagged.clear();
  if (!tags_first) {
    deletes_tagged = Support::kNo;
    result.found_tags_first = true;
  }
  return result;
}

std::map<std::string, absl::Status> DeleteLeftTags(
    PlainRepository& repository, const std::map<std::string, Digest>& tags) {
  std::map<std::string, absl::Status> refused;
  const absl::Status takes = TakesTagDelete(repository);
  if (!takes.ok()) {
    for (const auto& [tag, digest] : tags) refused[tag] = takes;
    return refused;
  }
  for (const auto& [tag, digest] : tags) {
    const absl::StatusOr<ManifestHead> now =
        HeadListedTag(repository.client, repository.name, tag);
    absl::Status status;
    // Somebody may have pushed the image again since the last look.
    const absl::StatusOr<bool> is_back =
        HasManifest(repository.client, repository.name, digest);
    if (!is_back.ok() || *is_back) {
      status = is_back.status();
    } else if (absl::IsNotFound(now.status())) {
      status = DeleteDanglingTag(repository, tag);
    } else {
      status = DeleteTag(repository, tag, digest).status();
    }
    // Gone, or somebody's by now.
    const bool is_done = status.ok() || absl::IsNotFound(status) ||
                         absl::IsAlreadyExists(status);
    if (!is_done) refused[tag] = status;
  }
  return refused;
}

}  // namespace registry_manager
