// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/tag_states.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/reference/reference.h"
#include "common/registry/api/listing.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

constexpr int kHeadsAtOnce = 16;

// The tags as listed, each once; an error if one is not a tag at all. NotFound:
// the registry does not know the repository.
absl::StatusOr<std::vector<std::string>> ListCheckedTags(
    const RegistryClient& client, const std::string& repository) {
  ASSIGN_OR_RETURN(std::vector<std::string> tags, ListTags(client, repository));
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  for (const std::string& tag : tags) {
    // Signature-like tags of sha512 are longer than a tag may be.
    if (!IsTag(tag) && !IsSignatureLikeTag(tag)) {
      return absl::DataLossError(absl::StrCat(
          "the registry lists a tag '", Printable(tag),
          "', which is no tag and so cannot be resolved; nothing is deleted "
          "from this repository"));
    }
  }
  return tags;
}

TagState StateOf(const Digest& digest, std::string media_type) {
  if (IsPlaceholder(digest)) {
    return {TagState::Kind::kHalfRemoved, std::nullopt, ""};
  }
  return {TagState::Kind::kResolved, digest, std::move(media_type)};
}

absl::Status CannotResolve(const std::string& tag, const absl::Status& status) {
  // NotFound would be read as: there is no such repository.
  return Annotate(absl::IsNotFound(status)
                      ? WithCode(status, absl::StatusCode::kFailedPrecondition)
                      : status,
                  absl::StrCat("tag ", tag,
                               " cannot be resolved, so that nothing is "
                               "deleted from this repository"));
}

// Looks again at tags that a HEAD did not find.
absl::Status LookAgain(const RegistryClient& client,
                       const std::string& repository,
                       const std::vector<std::string>& missing,
                       TagStates& states) {
  absl::StatusOr<std::vector<std::string>> listed =
      ListCheckedTags(client, repository);
  // The repository has gone, unless some of its tags are there.
  // Guard: vanished-repository-stops
  if (absl::IsNotFound(listed.status()) && states.empty()) {
    return absl::OkStatus();
  }
  if (!listed.ok()) return CannotResolve(missing.front(), listed.status());
  for (const std::string& tag : missing) {
    if (!std::binary_search(listed->begin(), listed->end(), tag)) continue;
    absl::StatusOr<RawManifest> manifest = GetManifest(client, repository, tag);
    if (manifest.ok()) {
      states[tag] = StateOf(manifest->digest, manifest->media_type);
    } else if (absl::IsNotFound(manifest.status()) &&
               RegistryCode(manifest.status()) == "MANIFEST_UNKNOWN") {
      states[tag] = {TagState::Kind::kDangling, std::nullopt, ""};
    } else {
      return CannotResolve(tag, manifest.status());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TagStates> Resolve(const RegistryClient& client,
                                  const std::string& repository,
                                  const std::vector<std::string>& tags,
                                  ThreadPool& pool) {
  // Absent: not asked, because another could not be resolved.
  std::vector<std::optional<absl::StatusOr<ManifestHead>>> heads(tags.size());
  std::atomic<bool> failed = false;
  pool.ParallelFor(tags.size(), kHeadsAtOnce, [&](size_t i) {
    if (failed) return;
    heads[i] = HeadManifest(client, repository, tags[i]);
    if (!heads[i]->ok() && !absl::IsNotFound(heads[i]->status())) failed = true;
  });
  TagStates states;
  std::vector<std::string> missing;
  for (size_t i = 0; i < tags.size(); ++i) {
    const std::string& tag = tags[i];
    if (!heads[i]) continue;
    absl::StatusOr<ManifestHead>& head = *heads[i];
    if (head.ok()) {
      states[tag] = StateOf(head->digest, std::move(head->media_type));
    } else if (absl::IsNotFound(head.status())) {
      missing.push_back(tag);
    } else {
      return CannotResolve(tag, head.status());
    }
  }
  if (!missing.empty()) {
    RETURN_IF_ERROR(LookAgain(client, repository, missing, states));
  }
  return states;
}

}  // namespace

absl::StatusOr<TagStates> ReadTagStates(const RegistryClient& client,
                                        const std::string& repository,
                                        ThreadPool& pool) {
  absl::StatusOr<std::vector<std::string>> tags =
      ListCheckedTags(client, repository);
  if (absl::IsNotFound(tags.status())) {
    // A server that is not a registry answers 404, too.
    if (RegistryCode(tags.status()) == "NAME_UNKNOWN") return TagStates();
    RETURN_IF_ERROR(CheckIsRegistry(client));
    return TagStates();
  }
  if (!tags.ok()) return tags.status();
  return Resolve(client, repository, *tags, pool);
}

absl::StatusOr<TagStates> ReadTagStatesOf(const RegistryClient& client,
                                          const std::string& repository,
                                          const std::set<std::string>& tags,
                                          ThreadPool& pool) {
  absl::StatusOr<std::vector<std::string>> listed =
      ListCheckedTags(client, repository);
  if (absl::IsNotFound(listed.status())) return TagStates();
  if (!listed.ok()) return listed.status();
  std::erase_if(*listed,
                [&](const std::string& tag) { return !tags.contains(tag); });
  return Resolve(client, repository, *listed, pool);
}

}  // namespace registry_manager
