// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/snapshot.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/reference/reference.h"
#include "common/registry/api/blobs.h"
#include "common/registry/api/cached_manifests.h"
#include "common/registry/api/content_cache.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/media_types.h"
#include "common/registry/api/referrers.h"
#include "common/registry/connection/errors.h"

namespace registry_manager {
namespace {

constexpr int kReadsAtOnce = 16;
// Memory is bounded, whatever indexes list.
constexpr size_t kMaxManifests = 1000000;

// Docker's own types know no `subject`, and need not be read for it.
bool MayHaveSubject(absl::string_view media_type) {
  return media_type != kDockerManifest && !IsSchema1Type(media_type);
}

CreationTime Unreadable() { return {CreationTime::Kind::kUnreadable, {}}; }

CreationTime AsCreationTime(
    const absl::StatusOr<std::optional<absl::Time>>& created) {
  if (!created.ok()) return Unreadable();
  if (!*created) return {CreationTime::Kind::kNone, {}};
  return {CreationTime::Kind::kDated, **created};
}

// The signature-like tags by the digest that they spell.
std::multimap<std::string, Digest> SignaturesBySubject(
    const TagStates& states) {
  std::multimap<std::string, Digest> signatures;
  for (const auto& [tag, state] : states) {
    if (state.digest && IsSignatureLikeTag(tag)) {
      const size_t digits = tag.substr(0, 7) == "sha256-" ? 64 : 128;
      signatures.emplace(
          absl::StrCat(tag.substr(0, 6), ":", tag.substr(7, digits)),
          *state.digest);
    }
  }
  return signatures;
}

}  // namespace

SnapshotReader::SnapshotReader(RegistryClient client, std::string repository,
                               ThreadPool* pool)
    : client_(client), repository_(std::move(repository)), pool_(pool) {}

bool SnapshotReader::LearnsMore(const Wanted& a, const Wanted& b) {
  return a.may_be_index + a.must_read > b.may_be_index + b.must_read;
}

bool SnapshotReader::IsKnown(const Wanted& wanted) const {
  const auto known = known_.find(wanted.digest);
  if (known == known_.end()) return false;
  const bool wants_reading = wanted.may_be_index || wanted.must_read;
  return known->second.read || known->second.missing || !wants_reading;
}

absl::StatusOr<SnapshotReader::Known> SnapshotReader::Look(
    const Wanted& wanted) const {
  const std::string& digest = wanted.digest.str();
  Known known;
  std::string seen_as = wanted.seen_as;
  bool read = wanted.may_be_index || wanted.must_read;
  bool not_found = false;
  if (!read) {
    absl::StatusOr<ManifestHead> head =
        HeadManifest(client_, repository_, digest);
    // A missing manifest protects nothing, so a GET must say that it is
    // missing, too.
    not_found = absl::IsNotFound(head.status());
    if (!head.ok() && !not_found) return head.status();
    // Guard: missing-child-needs-a-get
    read = not_found || MayBeIndexType(head->media_type);
    if (head.ok()) seen_as = head->media_type;
  }
  if (!read) return known;
  absl::StatusOr<RawManifest> raw =
      not_found ? GetManifest(client_, repository_, digest)
                : ReadManifest(client_, repository_, wanted.digest, seen_as);
  known.missing = absl::IsNotFound(raw.status());
  if (known.missing) return known;
  if (!raw.ok()) return raw.status();
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(*raw));
  known.read = true;
  known.children = std::move(manifest.children);
  if (manifest.subject) known.subject = manifest.subject->digest;
  if (manifest.config) manifest.layers.push_back(*manifest.config);
  for (const Descriptor& blob : manifest.layers) {
    known.blobs.emplace_back(absl::HashOf(blob.digest.str()), blob.size);
  }
  return known;
}

absl::Status SnapshotReader::LookAtAll(const std::vector<Wanted>& level) {
  std::vector<absl::StatusOr<Known>> looks(level.size(), Known{});
  std::atomic<bool> failed = false;
  pool_->ParallelFor(level.size(), kReadsAtOnce, [&](size_t i) {
    if (failed) return;
    looks[i] = Look(level[i]);
    if (!looks[i].ok()) failed = true;
  });
  for (const absl::StatusOr<Known>& look : looks) {
    if (!look.ok()) return look.status();
  }
  for (size_t i = 0; i < level.size(); ++i) {
    known_[level[i].digest] = *std::move(looks[i]);
  }
  if (known_.size() > kMaxManifests) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the repository's indexes list more than ", kMaxManifests,
                     " manifests"));
  }
  return absl::OkStatus();
}

absl::Status SnapshotReader::Follow(const std::vector<Wanted>& roots) {
  std::set<std::pair<Digest, bool>> seen;
  std::vector<Wanted> level = roots;
  for (int depth = 0; !level.empty(); ++depth) {
    if (depth > kMaxIndexDepth) {
      return absl::DataLossError(
          absl::StrCat("index ", level.front().digest.str(),
                       " is nested more than ", kMaxIndexDepth, " deep"));
    }
    std::vector<Wanted> unknown;
    std::set<Digest> asked;
    for (const Wanted& wanted : level) {
      if (!IsKnown(wanted) && asked.insert(wanted.digest).second) {
        unknown.push_back(wanted);
      }
    }
    RETURN_IF_ERROR(LookAtAll(unknown));
    std::vector<Wanted> next;
    for (const Wanted& wanted : level) {
      for (const Descriptor& child : known_[wanted.digest].children) {
        if (!seen.emplace(child.digest, wanted.must_read).second) continue;
        next.push_back(
            {child.digest, MayBeIndexType(child.media_type), wanted.must_read});
      }
    }
    std::stable_sort(next.begin(), next.end(), LearnsMore);
    level = std::move(next);
  }
  return absl::OkStatus();
}

absl::StatusOr<SnapshotReading> SnapshotReader::Read(
    const TagStates& states, const std::vector<std::string>& doomed,
    const std::vector<Digest>& untagged) {
  // Manifests that were missing may have been pushed since.
  absl::erase_if(known_,
                 [](const auto& entry) { return entry.second.missing; });
  const std::set<std::string> doomed_tags(doomed.begin(), doomed.end());
  std::set<Digest> going(untagged.begin(), untagged.end());
  std::vector<Wanted> roots;
  for (const auto& [tag, state] : states) {
    if (!state.digest) continue;
    const bool doomed = doomed_tags.contains(tag);
    if (doomed) going.insert(*state.digest);
    const bool may_be_index = MayBeIndexType(state.media_type);
    if (may_be_index || (doomed && MayHaveSubject(state.media_type))) {
      // A manifest that will be deleted is also looked at by its digest.
      roots.push_back({*state.digest, may_be_index,
                       doomed || (may_be_index && IsSignatureLikeTag(tag)),
                       doomed ? "" : state.media_type});
    }
  }
  // If a digest is in the list twice, the look that learns more comes first.
  std::stable_sort(roots.begin(), roots.end(), LearnsMore);
  RETURN_IF_ERROR(Follow(roots));
  std::vector<Wanted> further;
  for (const Digest& digest : untagged) further.push_back({digest, true, true});
  for (const Digest& digest : going) {
    const auto known = known_.find(digest);
    if (known == known_.end() || !known->second.subject) continue;
    further.push_back({*known->second.subject, false, false});
  }
  RETURN_IF_ERROR(Follow(further));
  ASSIGN_OR_RETURN(Referrers referrers, ReadReferrers(states, going));
  return SnapshotReading{Assemble(states, std::move(referrers)),
                         MissingChildren(),
                         // Guard: tag-without-manifest-stops
                         LostTags(states)};
}

std::vector<std::string> SnapshotReader::LostTags(
    const TagStates& states) const {
  std::vector<std::string> lost;
  for (const auto& [tag, state] : states) {
    if (!state.digest) continue;
    const auto known = known_.find(*state.digest);
    if (known != known_.end() && known->second.missing) lost.push_back(tag);
  }
  return lost;
}

absl::StatusOr<std::vector<std::vector<Descriptor>>>
SnapshotReader::ListReferrersOf(const std::vector<Digest>& subjects) const {
  std::vector<std::vector<Descriptor>> attached(subjects.size());
  std::vector<absl::Status> results(subjects.size());
  std::atomic<bool> failed = false;
  pool_->ParallelFor(subjects.size(), kReadsAtOnce, [&](size_t i) {
    if (failed) return;
    absl::StatusOr<std::vector<Descriptor>> listed =
        ListReferrers(client_, repository_, subjects[i]);
    if (listed.ok()) {
      attached[i] = *std::move(listed);
    } else if (!absl::IsUnimplemented(listed.status())) {
      results[i] = listed.status();
      failed = true;
    }
  });
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return attached;
}

absl::StatusOr<SnapshotReader::Referrers> SnapshotReader::ReadReferrers(
    const TagStates& states, const std::set<Digest>& subjects) {
  const std::multimap<std::string, Digest> signatures =
      SignaturesBySubject(states);
  Referrers referrers;
  std::set<Digest> seen = subjects;
  std::vector<Digest> level(subjects.begin(), subjects.end());
  const auto add = [&](const Digest& digest, std::vector<Digest>& digests) {
    if (seen.insert(digest).second) digests.push_back(digest);
  };
  while (!level.empty()) {
    ASSIGN_OR_RETURN(std::vector<std::vector<Descriptor>> attached,
                     ListReferrersOf(level));
    std::vector<Digest> next;
    std::vector<Wanted> wanted;
    for (size_t i = 0; i < level.size(); ++i) {
      // A signature-like tag may be attached to something else, too.
      const auto [first, last] = signatures.equal_range(level[i].str());
      for (auto signature = first; signature != last; ++signature) {
        wanted.push_back({signature->second, true, true});
        add(signature->second, next);
      }
      for (const Descriptor& referrer : attached[i]) {
        wanted.push_back({referrer.digest, true, true});
      }
    }
    RETURN_IF_ERROR(Follow(wanted));
    for (size_t i = 0; i < level.size(); ++i) {
      for (const Descriptor& child : known_[level[i]].children) {
        add(child.digest, next);
      }
      for (const Descriptor& referrer : attached[i]) {
        const Known& known = known_[referrer.digest];
        // Whatever a list names may be somebody's image: what is attached says
        // so itself.
        // Guard: referrer-names-its-subject
        if (known.missing || known.subject != level[i]) continue;
        referrers[level[i]].push_back(referrer.digest);
        add(referrer.digest, next);
      }
    }
    level = std::move(next);
  }
  return referrers;
}

RepositorySnapshot SnapshotReader::Assemble(const TagStates& states,
                                            Referrers referrers) const {
  RepositorySnapshot snapshot;
  for (const auto& [tag, state] : states) {
    if (state.digest) snapshot.tags.push_back({tag, *state.digest});
  }
  for (const auto& [digest, known] : known_) {
    if (known.missing) continue;
    ManifestNode& node = snapshot.manifests[digest];
    node.subject = known.subject;
    for (const Descriptor& child : known.children) {
      const auto entry = known_.find(child.digest);
      const bool missing = entry != known_.end() && entry->second.missing;
      if (!missing) node.children.push_back(child.digest);
    }
  }
  snapshot.referrers = std::move(referrers);
  return snapshot;
}

uint64_t SnapshotReader::BytesOf(const std::vector<Digest>& going) const {
  const absl::flat_hash_set<Digest> gone(going.begin(), going.end());
  absl::flat_hash_set<size_t> counted;
  for (const auto& [digest, known] : known_) {
    if (gone.contains(digest)) continue;
    for (const auto& [blob, size] : known.blobs) counted.insert(blob);
  }
  uint64_t bytes = 0;
  for (const auto& [digest, known] : known_) {
    if (!gone.contains(digest)) continue;
    for (const auto& [blob, size] : known.blobs) {
      if (counted.insert(blob).second) bytes += size;
    }
  }
  return bytes;
}

std::vector<std::string> SnapshotReader::MissingChildren() const {
  std::vector<std::string> notes;
  for (const auto& [digest, known] : known_) {
    for (const Descriptor& child : known.children) {
      const auto entry = known_.find(child.digest);
      if (entry != known_.end() && entry->second.missing) {
        notes.push_back(absl::StrCat("index ", digest.str(), " lists ",
                                     child.digest.str(),
                                     ", which the registry does not have"));
      }
    }
  }
  std::sort(notes.begin(), notes.end());
  return notes;
}

absl::flat_hash_map<std::string, CreationTime>
SnapshotReader::ReadCreationTimes(const TagStates& states,
                                  const std::vector<std::string>& tags) {
  std::vector<CreationTime> times(tags.size(), Unreadable());
  pool_->ParallelFor(tags.size(), kReadsAtOnce, [&](size_t i) {
    const auto state = states.find(tags[i]);
    if (state != states.end() && state->second.digest) {
      times[i] = ReadCreated(*state->second.digest, 0);
    }
  });
  absl::flat_hash_map<std::string, CreationTime> result;
  for (size_t i = 0; i < tags.size(); ++i) result[tags[i]] = times[i];
  return result;
}

CreationTime SnapshotReader::ReadCreated(const Digest& digest,
                                         int depth) const {
  absl::StatusOr<RawManifest> raw = ReadManifest(client_, repository_, digest);
  // A child that is missing has no date; an image that has a tag is there.
  if (absl::IsNotFound(raw.status()) && depth > 0) return CreationTime{};
  if (!raw.ok() || depth > kMaxIndexDepth) return Unreadable();
  absl::StatusOr<Manifest> manifest = ParseManifest(*raw);
  if (!manifest.ok()) return Unreadable();
  if (manifest->is_schema1) {
    return AsCreationTime(ParseSchema1Created(raw->bytes));
  }
  const CreationTime created =
      manifest->config ? ReadCreatedOfConfig(*manifest->config)
                       : ReadCreatedOfChildren(manifest->children, depth);
  if (created.kind != CreationTime::Kind::kNone) return created;
  return AsCreationTime(ParseAnnotatedCreated(raw->bytes));
}

// The newest.
CreationTime SnapshotReader::ReadCreatedOfChildren(
    const std::vector<Descriptor>& children, int depth) const {
  CreationTime newest;
  for (const Descriptor& child : children) {
    const CreationTime created = ReadCreated(child.digest, depth + 1);
    if (created.kind == CreationTime::Kind::kUnreadable) return created;
    if (created.kind != CreationTime::Kind::kDated) continue;
    if (newest.kind == CreationTime::Kind::kNone ||
        created.time > newest.time) {
      newest = created;
    }
  }
  return newest;
}

CreationTime SnapshotReader::ReadCreatedOfConfig(
    const Descriptor& config) const {
  ContentCache* const cache = client_.connection->content_cache;
  if (cache != nullptr) {
    const auto known = cache->FindCreated(config.digest);
    if (known) return AsCreationTime(*known);
  }
  absl::StatusOr<std::string> bytes = FetchBlob(client_, repository_, config);
  if (!bytes.ok()) return Unreadable();
  const absl::StatusOr<std::optional<absl::Time>> created =
      ParseCreated(*bytes);
  if (cache != nullptr && created.ok()) {
    cache->KeepCreated(config.digest, *created);
  }
  const bool is_image =
      config.media_type == kOciConfig || config.media_type == kDockerConfig;
  // Other artifacts have configs of other forms, without a date.
  if (!created.ok() && !is_image) return CreationTime{};
  return AsCreationTime(created);
}

}  // namespace registry_manager
