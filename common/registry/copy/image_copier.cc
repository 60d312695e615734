// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/image_copier.h"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/cached_manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/api/referrers.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/retry.h"
#include "common/registry/copy/fallback_index.h"

namespace registry_manager {
namespace {

constexpr int kBlobsAtOnce = 6;
constexpr int kChildrenAtOnce = 4;

// The largest number of PUTs of a manifest whose content the registry says it
// misses. The content is checked again in between.
constexpr int kManifestPuts = 4;
// No manifest is larger than what FetchBlob reads.
constexpr uint64_t kMaxManifest = 4 << 20;

// Something that the manifest names is not there (any more). 2.8.2 says so in
// passing, too, and DIGEST_INVALID where it reads a link to a child or blob
// that another request is just writing again: the bytes that we put are those
// of the digest.
bool MissesContent(const absl::Status& status) {
  const std::string code = RegistryCode(status);
  return code == "MANIFEST_BLOB_UNKNOWN" || code == "BLOB_UNKNOWN" ||
         code == "DIGEST_INVALID" ||
         (code == "MANIFEST_UNKNOWN" && HttpStatusOf(status) != 404);
}

constexpr absl::string_view kSpellsImagePayload =
    "registry-manager/spells-image";

bool SpellsImage(const absl::Status& status) {
  return status.GetPayload(kSpellsImagePayload).has_value();
}

// True if a look for a manifest at the target gave a usable result: the
// manifest is there, or it may have to be pushed.
bool MayBeMissing(const absl::Status& look) {
  return look.ok() || absl::IsNotFound(look) || IsNotTold(look);
}

// Runs `work` for each of `count` and returns the first error by index.
absl::Status ForEach(ThreadPool& pool, size_t count, int width,
                     const std::function<absl::Status(size_t)>& work) {
  std::vector<absl::Status> results(count);
  std::atomic<bool> failed = false;
  pool.ParallelFor(count, width, [&](size_t i) {
    if (failed) return;
    results[i] = work(i);
    if (!results[i].ok()) failed = true;
  });
  for (absl::Status& result : results) {
    if (!result.ok()) return std::move(result);
  }
  return absl::OkStatus();
}

// The blobs of a manifest, each once, without those that lie elsewhere.
std::vector<Descriptor> BlobsOf(const Manifest& manifest) {
  std::vector<Descriptor> blobs;
  std::set<Digest> seen;
  const auto add = [&](const Descriptor& blob) {
    const bool elsewhere = blob.has_urls && IsForeignLayerType(blob.media_type);
    if (!elsewhere && seen.insert(blob.digest).second) blobs.push_back(blob);
  };
  if (manifest.config) add(*manifest.config);
  for (const Descriptor& layer : manifest.layers) add(layer);
  // The largest come first, so that they do not run alone at the end.
  std::stable_sort(
      blobs.begin(), blobs.end(),
      [](const Descriptor& a, const Descriptor& b) { return a.size > b.size; });
  return blobs;
}

// Only one thread at a time reads, changes and writes a fallback tag. Tags that
// share a mutex by chance wait for each other, which does no harm.
std::mutex& MutexOfFallbackTag(const CopyRoute& route, const std::string& tag) {
  static auto* const mutexes = new std::array<std::mutex, 256>;
  const size_t hash = std::hash<std::string>()(
      absl::StrCat(route.target.connection->address().str(), " ",
                   route.target_repository, " ", tag));
  return (*mutexes)[hash % mutexes->size()];
}

absl::StatusOr<bool> HasReferrersApi(const RegistryClient& client,
                                     const std::string& repository,
                                     const Digest& subject) {
  if (client.connection->referrers_api == RegistryConnection::Support::kYes) {
    return true;
  }
  const absl::Status listed =
      ListReferrers(client, repository, subject).status();
  if (absl::IsUnimplemented(listed)) return false;
  if (!listed.ok()) return listed;
  return true;
}

}  // namespace

absl::Status ImageCopier::CopyTag(const std::string& tag) {
  ASSIGN_OR_RETURN(RawManifest raw, ReadTag(tag));
  if (IsPlaceholder(raw.digest)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "tag ", tag, " is half removed at the source, and not copied"));
  }
  if (IsFallbackTag(tag)) return CopyFallbackTag(raw, tag);
  return CopyManifest(raw, tag, 0).status();
}

// A target without a referrers API lists there what came by the source's API,
// too: that stays listed.
absl::Status ImageCopier::CopyFallbackTag(const RawManifest& source,
                                          const std::string& tag) {
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(source));
  if (!manifest.is_index) return CopyManifest(source, tag, 0).status();
  const absl::Status status = CopyContent(source, manifest, 0, /*mounts=*/true);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(MutexOfFallbackTag(route_, tag));
  absl::StatusOr<RawManifest> there = ReadFallbackIndex(tag);
  if (!there.ok() && !absl::IsNotFound(there.status())) return there.status();
  if (there.ok() && ListsAllOf(there->bytes, source.bytes)) {
    return absl::OkStatus();
  }
  if (there.ok() && !ListsAllOf(source.bytes, there->bytes)) {
    const absl::StatusOr<std::string> merged =
        MergeFallbackIndexes(there->bytes, source.bytes);
    if (merged.ok()) {
      const absl::Status put = PutFallbackIndex(tag, *merged);
      // Content that the target's index lists may have been deleted since.
      if (!MissesContent(put)) return put;
    }
  }
  return CopyManifest(source, tag, 0).status();
}

absl::Status ImageCopier::PutFallbackIndex(const std::string& tag,
                                           const std::string& bytes) {
  return PutManifest(route_.target, route_.target_repository, tag,
                     {Digest::Of(bytes), std::string(kOciIndex), bytes})
      .status();
}

void ImageCopier::Remember(const std::string& tag, RawManifest manifest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  remembered_.insert_or_assign(tag, std::move(manifest));
}

absl::StatusOr<RawManifest> ImageCopier::ReadTag(const std::string& tag) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (auto known = remembered_.extract(tag)) return std::move(known.mapped());
  }
  return GetManifest(route_.source, route_.source_repository, tag);
}

absl::StatusOr<PutManifestResult> ImageCopier::CopyManifest(
    const RawManifest& source, const std::string& reference, int depth) {
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(source));
  if (manifest.is_schema1) {
    return absl::UnimplementedError(
        "it is a Docker schema 1 image, which cannot be copied byte for byte; "
        "pull it with an old docker and push it again to convert it");
  }
  const RawManifest raw = WithOwnType(source, manifest);
  for (int tries = 1;; ++tries) {
    // A registry may say that it mounted a blob, and not have done it.
    const absl::Status status =
        CopyContent(raw, manifest, depth, /*mounts=*/tries == 1);
    if (!status.ok()) return status;
    absl::StatusOr<PutManifestResult> put =
        PutManifest(route_.target, route_.target_repository, reference, raw);
    if (put.ok() || !MissesContent(put.status()) || tries == kManifestPuts) {
      return put;
    }
    for (const Descriptor& blob : BlobsOf(manifest)) {
      ledger_->Forget(route_.target.connection->address(),
                      route_.target_repository, blob.digest);
    }
    RETURN_IF_ERROR(
        route_.target.task->cancellation().SleepFor(BackOff(tries - 1)));
  }
}

absl::Status ImageCopier::CopyContent(const RawManifest& raw,
                                      const Manifest& manifest, int depth,
                                      bool mounts) {
  if (!manifest.is_index) return CopyBlobs(manifest, mounts);
  if (depth >= kMaxIndexDepth) {
    return absl::DataLossError(absl::StrCat("index ", raw.digest.str(),
                                            " is nested more than ",
                                            kMaxIndexDepth, " deep"));
  }
  return CopyChildren(manifest.children, depth + 1, mounts);
}

absl::Status ImageCopier::CopyBelow(const RawManifest& raw, int depth,
                                    bool mounts) {
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(raw));
  return CopyContent(raw, manifest, depth, mounts);
}

absl::Status ImageCopier::CopyBlobs(const Manifest& manifest, bool mounts) {
  const std::vector<Descriptor> blobs = BlobsOf(manifest);
  return ForEach(*pool_, blobs.size(), kBlobsAtOnce, [&](size_t i) {
    return CopyBlob(route_, blobs[i], *ledger_, *tally_, mounts);
  });
}

absl::Status ImageCopier::CopyChildren(const std::vector<Descriptor>& children,
                                       int depth, bool mounts) {
  return ForEach(*pool_, children.size(), kChildrenAtOnce, [&](size_t i) {
    return CopyChild(children[i], depth, mounts);
  });
}

absl::Status ImageCopier::CopyChild(const Descriptor& child, int depth,
                                    bool mounts) {
  // Build caches list layers in an index.
  if (IsBlobType(child.media_type)) {
    return CopyBlob(route_, child, *ledger_, *tally_, mounts);
  }
  const bool is_manifest = IsManifestType(child.media_type);
  const std::string& digest = child.digest.str();
  absl::StatusOr<ManifestHead> there =
      HeadManifest(route_.target, route_.target_repository, digest);
  if (is_manifest && !MayBeMissing(there.status())) return there.status();
  absl::StatusOr<RawManifest> raw =
      GetManifest(route_.source, route_.source_repository, digest);
  if (absl::IsNotFound(raw.status()) && there.ok()) {
    raw = GetManifest(route_.target, route_.target_repository, digest);
  }
  // Some registries take an image without its blobs, or lose some afterwards:
  // all that lies below a manifest that is there is looked at, too.
  if (raw.ok() && there.ok() && !MayBeIndexType(there->media_type)) {
    return CopyBelow(*raw, depth, mounts);
  }
  if (raw.ok()) return CopyManifest(*raw, digest, depth).status();
  if (!is_manifest && IsBlobAtSource(child)) {
    return CopyBlob(route_, child, *ledger_, *tally_, mounts);
  }
  return Annotate(raw.status(),
                  "what the index lists cannot be read from the source");
}

// Some registries hand manifests out as blobs, too: those are none.
bool ImageCopier::IsBlobAtSource(const Descriptor& child) {
  if (child.size > kMaxManifest) {
    return HasBlob(route_.source, route_.source_repository, child)
        .value_or(false);
  }
  absl::StatusOr<std::string> bytes =
      FetchBlob(route_.source, route_.source_repository, child);
  if (!bytes.ok()) return false;
  const absl::StatusOr<Manifest> manifest =
      ParseManifest({child.digest, child.media_type, *std::move(bytes)});
  return !manifest.ok() || (!manifest->is_schema1 && !manifest->is_index &&
                            !manifest->config && manifest->layers.empty());
}

absl::StatusOr<std::vector<Digest>> ImageCopier::Reach(
    const ManifestHead& image) {
  std::vector<Digest> reached = {image.digest};
  std::set<Digest> seen = {image.digest};
  std::vector<Descriptor> level;
  if (MayBeIndexType(image.media_type)) {
    level.push_back({std::string(kOciIndex), image.digest, 0});
  }
  for (int depth = 0; depth < kMaxIndexDepth && !level.empty(); ++depth) {
    std::vector<Descriptor> next;
    for (const Descriptor& index : level) {
      ASSIGN_OR_RETURN(std::vector<Descriptor> children,
                       ChildrenOf(index, depth == 0 ? image.media_type : ""));
      for (const Descriptor& child : children) {
        if (IsBlobType(child.media_type) || !seen.insert(child.digest).second) {
          continue;
        }
        reached.push_back(child.digest);
        if (MayBeIndexType(child.media_type)) next.push_back(child);
      }
    }
    level = std::move(next);
  }
  return reached;
}

absl::StatusOr<std::vector<Descriptor>> ImageCopier::ChildrenOf(
    const Descriptor& index, const std::string& seen_as) {
  absl::StatusOr<RawManifest> raw = ReadManifest(
      route_.source, route_.source_repository, index.digest, seen_as);
  if (!raw.ok()) {
    if (!IsManifestType(index.media_type) && IsBlobAtSource(index)) {
      return std::vector<Descriptor>();
    }
    return raw.status();
  }
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(*raw));
  return std::move(manifest.children);
}

absl::StatusOr<bool> ImageCopier::SourceListsReferrers(const Digest& subject) {
  using Support = RegistryConnection::Support;
  if (route_.source.connection->referrers_api == Support::kYes) return true;
  absl::StatusOr<std::vector<Descriptor>> listed =
      ListReferrers(route_.source, route_.source_repository, subject);
  if (absl::IsUnimplemented(listed.status())) return false;
  if (!listed.ok()) return listed.status();
  const std::lock_guard<std::mutex> lock(mutex_);
  listed_.insert_or_assign(subject, *std::move(listed));
  return true;
}

absl::StatusOr<std::vector<Descriptor>> ImageCopier::ReferrersAtSource(
    const Digest& subject) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (auto known = listed_.extract(subject)) return std::move(known.mapped());
  }
  return ListReferrers(route_.source, route_.source_repository, subject);
}

absl::StatusOr<std::vector<ReferrerOutcome>> ImageCopier::CopyReferrers(
    const Digest& subject) {
  return WalkReferrers(
      subject,
      [this](const Descriptor& referrer, const Digest& attached_to) {
        return CopyReferrer(referrer, attached_to);
      },
      0);
}

absl::StatusOr<std::vector<ReferrerOutcome>> ImageCopier::MissingReferrers(
    const Digest& subject) {
  return WalkReferrers(
      subject,
      [this](const Descriptor& referrer,
             const Digest&) -> absl::StatusOr<bool> {
        const absl::Status there =
            HeadManifest(route_.target, route_.target_repository,
                         referrer.digest.str())
                .status();
        if (!MayBeMissing(there)) return there;
        return !there.ok();
      },
      0);
}

absl::StatusOr<std::vector<ReferrerOutcome>> ImageCopier::WalkReferrers(
    const Digest& subject, const VisitReferrer& visit, int depth) {
  std::vector<ReferrerOutcome> outcomes;
  if (depth >= kMaxIndexDepth || !IsNewSubject(subject)) return outcomes;
  absl::StatusOr<std::vector<Descriptor>> referrers =
      ReferrersAtSource(subject);
  if (absl::IsUnimplemented(referrers.status())) return outcomes;
  if (!referrers.ok()) return referrers.status();
  for (const Descriptor& referrer : *referrers) {
    const absl::StatusOr<bool> moves = visit(referrer, subject);
    if (!moves.ok()) outcomes.push_back({referrer.digest, moves.status()});
    if (moves.ok() && *moves) outcomes.push_back({referrer.digest, {}});
    absl::StatusOr<std::vector<ReferrerOutcome>> below =
        WalkReferrers(referrer.digest, visit, depth + 1);
    if (!below.ok()) {
      outcomes.push_back(
          {referrer.digest, Annotate(below.status(), "its own referrers")});
      continue;
    }
    outcomes.insert(outcomes.end(), below->begin(), below->end());
  }
  return outcomes;
}

bool ImageCopier::IsNewSubject(const Digest& subject) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return subjects_.insert(subject).second;
}

absl::StatusOr<bool> ImageCopier::CopyReferrer(const Descriptor& referrer,
                                               const Digest& subject) {
  const std::string& digest = referrer.digest.str();
  absl::StatusOr<ManifestHead> there =
      HeadManifest(route_.target, route_.target_repository, digest);
  if (!MayBeMissing(there.status())) return there.status();
  if (there.ok()) {
    // Such a target keeps no fallback tags.
    ASSIGN_OR_RETURN(
        bool files_itself,
        HasReferrersApi(route_.target, route_.target_repository, subject));
    if (files_itself) return false;
  }
  ASSIGN_OR_RETURN(
      RawManifest raw,
      ReadManifest(route_.source, route_.source_repository, referrer.digest));
  if (!there.ok()) {
    ASSIGN_OR_RETURN(PutManifestResult put, CopyManifest(raw, digest, 1));
    if (put.subject_filed) return true;
  }
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(raw));
  RETURN_IF_ERROR(FileUnderFallbackTag(raw, manifest, subject));
  return !there.ok();
}

absl::Status ImageCopier::FileUnderFallbackTag(const RawManifest& referrer,
                                               const Manifest& manifest,
                                               const Digest& subject) {
  const std::string tag = FallbackTag(subject);
  const std::lock_guard<std::mutex> lock(MutexOfFallbackTag(route_, tag));
  absl::StatusOr<RawManifest> index = ReadFallbackIndex(tag);
  if (!index.ok() && !absl::IsNotFound(index.status())) return index.status();
  ASSIGN_OR_RETURN(
      std::string bytes,
      AddToFallbackIndex(index.ok() ? index->bytes : "", referrer, manifest));
  if (index.ok() && bytes == index->bytes) return absl::OkStatus();
  const absl::Status put = PutFallbackIndex(tag, bytes);
  if (!put.ok() || !SpellsImage(index.status())) return put;
  // Check that the registry now serves the tag, and not still the image.
  index = ReadFallbackIndex(tag);
  if (!SpellsImage(index.status())) return index.status();
  return absl::FailedPreconditionError(absl::StrCat(
      "the target answers for the tag ", tag,
      " with the image itself, also after an index was put under that tag: it "
      "lists no referrers"));
}

// If the tag does not exist, some registries (GitLab) take its name for the
// digest that it spells, and answer with the image itself, which lists no
// referrers.
absl::StatusOr<RawManifest> ImageCopier::ReadFallbackIndex(
    const std::string& tag) {
  absl::StatusOr<RawManifest> index =
      ReadTaggedManifest(route_.target, route_.target_repository, tag);
  if (!index.ok() || FallbackTag(index->digest) != tag) return index;
  absl::Status status = absl::NotFoundError("the image itself is served");
  status.SetPayload(kSpellsImagePayload, absl::Cord("1"));
  return status;
}

}  // namespace registry_manager
