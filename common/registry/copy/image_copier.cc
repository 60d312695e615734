// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/copy/image_copier.h"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/registry/errors.h"
#include "common/registry/json.h"
#include "common/registry/listing.h"
#include "common/registry/media_types.h"
#include "common/registry/removal/placeholder.h"
#include "common/registry/retry.h"

namespace registry_manager {
namespace {

constexpr int kBlobsAtOnce = 6;
constexpr int kChildrenAtOnce = 4;

// How often a manifest is put whose content the registry says it misses.
constexpr int kManifestPuts = 3;

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

// What a look for a manifest at the target came to: it is to be pushed, or is
// there.
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

// What a manifest's blobs are: each once, without those that lie elsewhere.
std::vector<Descriptor> BlobsOf(const Manifest& manifest) {
  std::vector<Descriptor> blobs;
  std::set<Digest> seen;
  const auto add = [&](const Descriptor& blob) {
    const bool elsewhere = blob.has_urls && IsForeignLayerType(blob.media_type);
    if (!elsewhere && seen.insert(blob.digest).second) blobs.push_back(blob);
  };
  if (manifest.config) add(*manifest.config);
  for (const Descriptor& layer : manifest.layers) add(layer);
  // The largest first, so that they do not end alone.
  std::stable_sort(
      blobs.begin(), blobs.end(),
      [](const Descriptor& a, const Descriptor& b) { return a.size > b.size; });
  return blobs;
}

// Registries file a manifest by the type that it is pushed with; its own word
// counts before the header it was read with. OCI's need not name their type.
RawManifest WithOwnType(RawManifest raw, const Manifest& manifest) {
  const absl::StatusOr<nlohmann::json> document = ParseJson(raw.bytes);
  const std::string own =
      document.ok() ? StringMember(*document, "mediaType") : "";
  if (!own.empty()) {
    raw.media_type = own;
  } else if (!absl::StartsWith(raw.media_type, "application/vnd.")) {
    raw.media_type = std::string(manifest.is_index ? kOciIndex : kOciManifest);
  }
  return raw;
}

std::string FallbackTag(const Digest& subject) {
  return absl::StrCat(subject.algorithm(), "-", subject.hex().substr(0, 64));
}

// One fallback tag is read, changed and written by one hand at a time. Tags
// that share a mutex by chance wait for each other, no more.
std::mutex& MutexOfFallbackTag(const CopyRoute& route, const std::string& tag) {
  static auto* const mutexes = new std::array<std::mutex, 256>;
  const size_t hash = std::hash<std::string>()(
      absl::StrCat(route.target.connection->address().str(), " ",
                   route.target_repository, " ", tag));
  return (*mutexes)[hash % mutexes->size()];
}

}  // namespace

absl::Status ImageCopier::CopyTag(const std::string& tag) {
  absl::StatusOr<RawManifest> raw = ReadTag(tag);
  if (!raw.ok()) return raw.status();
  if (IsPlaceholder(raw->digest)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "tag ", tag, " is half removed at the source, and not copied"));
  }
  return CopyManifest(*raw, tag, 0).status();
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
  absl::StatusOr<Manifest> manifest = ParseManifest(source);
  if (!manifest.ok()) return manifest.status();
  if (manifest->is_schema1) {
    return absl::UnimplementedError(
        "it is a Docker schema 1 image, which cannot be copied byte for byte; "
        "pull it with an old docker and push it again to convert it");
  }
  const RawManifest raw = WithOwnType(source, *manifest);
  for (int tries = 1;; ++tries) {
    // A registry may say that it mounted a blob, and not have done it.
    const absl::Status status =
        CopyContent(raw, *manifest, depth, /*mounts=*/tries == 1);
    if (!status.ok()) return status;
    absl::StatusOr<PutManifestResult> put =
        PutManifest(route_.target, route_.target_repository, reference, raw);
    if (put.ok() || !MissesContent(put.status()) || tries == kManifestPuts) {
      return put;
    }
    for (const Descriptor& blob : BlobsOf(*manifest)) {
      ledger_->Forget(route_.target.connection->address(),
                      route_.target_repository, blob.digest);
    }
    const absl::Status slept =
        route_.target.task->cancellation().SleepFor(BackOff(tries - 1));
    if (!slept.ok()) return slept;
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
  return CopyChildren(manifest.children, depth + 1);
}

absl::Status ImageCopier::CopyBlobs(const Manifest& manifest, bool mounts) {
  const std::vector<Descriptor> blobs = BlobsOf(manifest);
  return ForEach(*pool_, blobs.size(), kBlobsAtOnce, [&](size_t i) {
    return CopyBlob(route_, blobs[i], *ledger_, *tally_, mounts);
  });
}

absl::Status ImageCopier::CopyChildren(const std::vector<Descriptor>& children,
                                       int depth) {
  return ForEach(*pool_, children.size(), kChildrenAtOnce,
                 [&](size_t i) { return CopyChild(children[i], depth); });
}

absl::Status ImageCopier::CopyChild(const Descriptor& child, int depth) {
  const std::string& digest = child.digest.str();
  absl::StatusOr<ManifestHead> there =
      HeadManifest(route_.target, route_.target_repository, digest);
  // A registry takes an image only with its blobs; what an index lists may have
  // gone since.
  if (there.ok() && !MayBeIndexType(there->media_type)) return absl::OkStatus();
  if (!MayBeMissing(there.status())) return there.status();
  absl::StatusOr<RawManifest> raw =
      GetManifest(route_.source, route_.source_repository, digest);
  if (!raw.ok()) {
    return Annotate(raw.status(),
                    absl::StrCat("the index lists ", digest,
                                 ", which cannot be read from the source"));
  }
  return CopyManifest(*raw, digest, depth).status();
}

absl::StatusOr<std::vector<Digest>> ImageCopier::Reach(
    const ManifestHead& image) {
  std::vector<Digest> reached = {image.digest};
  std::set<Digest> seen = {image.digest};
  std::vector<Digest> level;
  if (MayBeIndexType(image.media_type)) level.push_back(image.digest);
  for (int depth = 0; depth < kMaxIndexDepth && !level.empty(); ++depth) {
    std::vector<Digest> next;
    for (const Digest& index : level) {
      absl::StatusOr<RawManifest> raw =
          GetManifest(route_.source, route_.source_repository, index.str());
      if (!raw.ok()) return raw.status();
      absl::StatusOr<Manifest> manifest = ParseManifest(*raw);
      if (!manifest.ok()) return manifest.status();
      for (const Descriptor& child : manifest->children) {
        if (!seen.insert(child.digest).second) continue;
        reached.push_back(child.digest);
        if (MayBeIndexType(child.media_type)) next.push_back(child.digest);
      }
    }
    level = std::move(next);
  }
  return reached;
}

absl::StatusOr<std::vector<Digest>> ImageCopier::CopyReferrers(
    const Digest& subject) {
  return CopyReferrersBelow(subject, 0);
}

absl::StatusOr<std::vector<Digest>> ImageCopier::CopyReferrersBelow(
    const Digest& subject, int depth) {
  std::vector<Digest> copied;
  if (depth >= kMaxIndexDepth) return copied;
  absl::StatusOr<std::vector<Descriptor>> referrers =
      ListReferrers(route_.source, route_.source_repository, subject);
  if (absl::IsUnimplemented(referrers.status())) return copied;
  if (!referrers.ok()) return referrers.status();
  for (const Descriptor& referrer : *referrers) {
    absl::StatusOr<bool> moved = CopyReferrer(referrer, subject);
    if (!moved.ok()) {
      return Annotate(moved.status(),
                      absl::StrCat("referrer ", referrer.digest.str()));
    }
    if (*moved) copied.push_back(referrer.digest);
    absl::StatusOr<std::vector<Digest>> below =
        CopyReferrersBelow(referrer.digest, depth + 1);
    if (!below.ok()) return below.status();
    copied.insert(copied.end(), below->begin(), below->end());
  }
  return copied;
}

absl::StatusOr<bool> ImageCopier::CopyReferrer(const Descriptor& referrer,
                                               const Digest& subject) {
  const std::string& digest = referrer.digest.str();
  absl::StatusOr<ManifestHead> there =
      HeadManifest(route_.target, route_.target_repository, digest);
  if (!MayBeMissing(there.status())) return there.status();
  if (there.ok()) {
    absl::StatusOr<bool> files_itself = TargetFilesReferrers(subject);
    if (!files_itself.ok()) return files_itself.status();
    if (*files_itself) return false;
  }
  absl::StatusOr<RawManifest> raw =
      GetManifest(route_.source, route_.source_repository, digest);
  if (!raw.ok()) return raw.status();
  if (!there.ok()) {
    absl::StatusOr<PutManifestResult> put = CopyManifest(*raw, digest, 1);
    if (!put.ok()) return put.status();
    if (put->subject_filed) return true;
  }
  absl::StatusOr<Manifest> manifest = ParseManifest(*raw);
  if (!manifest.ok()) return manifest.status();
  const absl::Status filed = FileUnderFallbackTag(*raw, *manifest, subject);
  if (!filed.ok()) return filed;
  return !there.ok();
}

absl::StatusOr<bool> ImageCopier::TargetFilesReferrers(const Digest& subject) {
  const absl::Status listed =
      ListReferrers(route_.target, route_.target_repository, subject).status();
  if (absl::IsUnimplemented(listed)) return false;
  if (!listed.ok()) return listed;
  return true;
}

absl::Status ImageCopier::FileUnderFallbackTag(const RawManifest& referrer,
                                               const Manifest& manifest,
                                               const Digest& subject) {
  const std::string tag = FallbackTag(subject);
  const std::lock_guard<std::mutex> lock(MutexOfFallbackTag(route_, tag));
  absl::StatusOr<RawManifest> index =
      GetManifest(route_.target, route_.target_repository, tag);
  if (!index.ok() && !absl::IsNotFound(index.status())) return index.status();
  absl::StatusOr<std::string> bytes =
      AddToFallbackIndex(index.ok() ? index->bytes : "", referrer, manifest);
  if (!bytes.ok()) return bytes.status();
  if (index.ok() && *bytes == index->bytes) return absl::OkStatus();
  return PutManifest(route_.target, route_.target_repository, tag,
                     {Digest::Of(*bytes), std::string(kOciIndex), *bytes})
      .status();
}

absl::StatusOr<std::string> AddToFallbackIndex(const std::string& index_bytes,
                                               const RawManifest& referrer,
                                               const Manifest& manifest) {
  using nlohmann::json;
  absl::StatusOr<json> index = index_bytes.empty()
                                   ? json{{"schemaVersion", 2},
                                          {"mediaType", std::string(kOciIndex)},
                                          {"manifests", json::array()}}
                                   : ParseJson(index_bytes);
  if (!index.ok()) return index.status();
  if (!index->is_object() || !index->contains("manifests") ||
      !(*index)["manifests"].is_array()) {
    return absl::DataLossError("the target's fallback tag holds no index");
  }
  json& list = (*index)["manifests"];
  for (const json& entry : list) {
    if (StringMember(entry, "digest") == referrer.digest.str()) {
      return index_bytes;
    }
  }
  json entry = {{"mediaType", WithOwnType(referrer, manifest).media_type},
                {"digest", referrer.digest.str()},
                {"size", referrer.bytes.size()}};
  // OCI distribution spec, "Pushing Manifests with Subject".
  const std::string artifact_type =
      !manifest.artifact_type.empty() ? manifest.artifact_type
      : manifest.config               ? manifest.config->media_type
                                      : "";
  if (!artifact_type.empty()) entry["artifactType"] = artifact_type;
  const absl::StatusOr<json> document = ParseJson(referrer.bytes);
  if (document.ok() && document->contains("annotations")) {
    entry["annotations"] = (*document)["annotations"];
  }
  list.push_back(std::move(entry));
  return index->dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace registry_manager
