// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/handlers/sync/sync_comparison.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/reference.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/connection/errors.h"
#include "common/registry/copy/fallback_index.h"

namespace registry_manager {
namespace {

constexpr int kComparisonsAtOnce = 16;
// A larger manifest is read again when it is copied, because memory is bounded.
constexpr size_t kMaxHeldManifest = 256 << 10;

// A shorter index would take from the target what came by the referrers API.
bool ListsAsMuch(RepositoryReader& source, const ManifestHead& at_source,
                 RepositoryReader& target, const ManifestHead& at_target) {
  const absl::StatusOr<RawManifest> wanted = source.ReadManifest(at_source);
  const absl::StatusOr<RawManifest> there = target.ReadManifest(at_target);
  return wanted.ok() && there.ok() && ListsAllOf(there->bytes, wanted->bytes);
}

absl::Status LookUp(RepositoryReader& source, const std::string& tag,
                    bool reads, TagComparison& result) {
  if (reads) {
    ASSIGN_OR_RETURN(RawManifest raw, source.ReadTag(tag));
    result.source = ManifestHead{raw.digest, raw.media_type};
    if (raw.bytes.size() <= kMaxHeldManifest) {
      result.manifest = std::move(raw);
    }
  } else {
    ASSIGN_OR_RETURN(result.source, source.HeadTag(tag, /*is_listed=*/true));
  }
  result.half_removed = IsPlaceholder(result.source->digest);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TagListing> ListTagSet(RepositoryReader& repository) {
  TagListing listing;
  absl::StatusOr<std::vector<std::string>> tags = repository.ListTags();
  if (absl::IsNotFound(tags.status())) {
    listing.exists = false;
    return listing;
  }
  if (!tags.ok()) return tags.status();
  listing.tags.insert(std::make_move_iterator(tags->begin()),
                      std::make_move_iterator(tags->end()));
  return listing;
}

absl::StatusOr<TagListing> ListSource(RepositoryReader& source,
                                      const proto::RepositoryEntry& entry,
                                      TaskScope& task) {
  absl::StatusOr<TagListing> listing = ListTagSet(source);
  const absl::Status& status = listing.status();
  const bool denied = IsNotTold(status) || absl::IsUnimplemented(status);
  if (status.ok() ? listing->exists : !denied) return listing;
  if (entry.whole()) {
    if (status.ok()) return listing;
    return WithMessage(
        status,
        absl::StrCat(status.message(),
                     "; the tags of this repository cannot be listed: name "
                     "those that are wanted under 'repositories', as ",
                     entry.repository(), ":TAG"));
  }
  task.Note(absl::StrCat(
      "the tags cannot be listed",
      status.ok() ? "" : absl::StrCat(" (", status.message(), ")"),
      ": those that the config names are copied, without what is attached to "
      "them by a tag of its own"));
  TagListing named;
  named.listed = false;
  named.tags.insert(entry.named().begin(), entry.named().end());
  return named;
}

absl::StatusOr<std::map<std::string, TagComparison>> CompareTags(
    RepositoryReader& source, RepositoryReader& target,
    const TagListing& target_tags, const std::vector<std::string>& tags,
    bool reads_new, ThreadPool& pool) {
  std::vector<TagComparison> results(tags.size());
  pool.ParallelFor(tags.size(), kComparisonsAtOnce, [&](size_t i) {
    TagComparison& result = results[i];
    if (!IsTag(tags[i])) {
      result.status =
          absl::InvalidArgumentError("the registry lists it, but it is no tag");
      return;
    }
    absl::StatusOr<ManifestHead> at_target = absl::NotFoundError("not listed");
    if (target_tags.tags.contains(tags[i])) {
      at_target = target.HeadTag(tags[i], target_tags.listed);
    }
    if (EndsTask(at_target.status())) {
      result.status = at_target.status();
      return;
    }
    const bool is_new = absl::IsNotFound(at_target.status());
    result.status = LookUp(source, tags[i], is_new && reads_new, result);
    if (!result.status.ok()) {
      if (!EndsTask(result.status)) {
        result.status =
            Annotate(result.status, "the source's tag cannot be read");
      }
      return;
    }
    if (result.half_removed || !at_target.ok()) return;
    result.same = at_target->digest == result.source->digest ||
                  (IsFallbackTag(tags[i]) &&
                   ListsAsMuch(source, *result.source, target, *at_target));
  });
  std::map<std::string, TagComparison> compared;
  for (size_t i = 0; i < tags.size(); ++i) {
    if (EndsTask(results[i].status)) return results[i].status;
    compared.emplace(tags[i], std::move(results[i]));
  }
  return compared;
}

}  // namespace registry_manager
