// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/tag_removal.h"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/registry/api/listing.h"
#include "common/registry/api/manifests.h"
#include "common/registry/api/placeholder.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/retry.h"
#include "common/registry/drivers/look_age.h"
#include "common/registry/drivers/plain/deletion.h"
#include "common/registry/drivers/plain/image_deletion.h"

namespace registry_manager {
namespace {

using Kind = TagOutcome::Kind;
using Support = DeletionCapabilities::Support;

constexpr absl::string_view kProbeTags[] = {"registry-manager-probe-1",
                                            "registry-manager-probe-2"};

// With the back-off between them, and the repetitions of each: minutes.
constexpr int kLooksAtKept = 12;

// A deleted manifest's tags may be listed a little longer: so many looks, with
// doubling pauses between them.
constexpr int kLooksAtListing = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);
// The time for which the placeholder is watched after the delete of its last
// tag.
constexpr absl::Duration kTakesAlongWithin = absl::Seconds(5);

// One repository's removals, step by step.
class Remover {
 public:
  Remover(PlainRepository& repository, const std::vector<TagToRemove>& tags)
      : plain_(repository),
        client_(repository.client),
        repository_(repository.name),
        tags_(tags) {}

  absl::StatusOr<std::vector<TagOutcome>> Run() {
    absl::Status status = ReadKeptManifests();
    if (!status.ok()) return status;
    ASSIGN_OR_RETURN(bool by_tag, kept_.empty() ? false : DeletesTagsAlone());
    for (const TagToRemove& tag : tags_) {
      if (lost_.contains(tag.tag)) {
        outcomes_.push_back(LostOutcome(tag));
        continue;
      }
      outcomes_.push_back(Remove(tag, by_tag && tag.digest));
      // At once, so that no more than one manifest is ever lost. A manifest
      // that other tags bear is not lost by the way of the placeholder.
      if (tag.digest && (by_tag || tag.kept_tags.empty())) {
        status = CheckKept({{*tag.digest, kept_.at(*tag.digest)}});
        if (!status.ok()) return status;
      }
    }
    DeletePlaced();
    status = CheckKept(kept_);
    if (!status.ok()) return status;
    return std::move(outcomes_);
  }

 private:
  // The bytes with which a manifest is put back, should it go with its tag.
  absl::Status ReadKeptManifests() {
    for (const TagToRemove& tag : tags_) {
      if (!tag.digest || kept_.contains(*tag.digest)) continue;
      absl::StatusOr<RawManifest> raw =
          GetManifest(client_, repository_, tag.digest->str());
      if (absl::IsNotFound(raw.status())) {
        lost_.emplace(tag.tag, raw.status());
        continue;
      }
      if (!raw.ok()) return raw.status();
      kept_.emplace(*tag.digest, *std::move(raw));
    }
    return absl::OkStatus();
  }

  // The outcome for a tag whose image is not there any more: somebody removed
  // both, or only the image.
  TagOutcome LostOutcome(const TagToRemove& tag) {
    absl::StatusOr<std::optional<Digest>> now = Resolve(tag.tag);
    if (!now.ok()) return {tag.tag, Kind::kFailed, now.status()};
    if (*now != tag.digest) return {tag.tag, Kind::kMoved, {}};
    return {tag.tag, Kind::kFailed, lost_.at(tag.tag)};
  }

  // Whether DELETE of a tag removes a tag and nothing else, found out once.
  absl::StatusOr<bool> DeletesTagsAlone() {
    std::atomic<Support>& known = plain_.capabilities->removes_tags_alone;
    const std::lock_guard<std::mutex> lock(
        plain_.capabilities->removes_tags_alone_proof);
    if (known != Support::kUnknown) return known == Support::kYes;
    absl::StatusOr<bool> free = ProbeTagsAreFree();
    if (!free.ok()) return free;
    // Found out in another repository; the placeholder serves in any case.
    if (!*free) return false;
    // Most registries that cannot do it say so of a tag that does not exist.
    const absl::Status absent =
        DeleteManifest(client_, repository_, kProbeTags[0]);
    if (absl::IsCancelled(absent) || IsNoAnswer(absent)) return absent;
    if (!absent.ok() && !absl::IsNotFound(absent)) {
      // A failure in passing, or of this repository's rights, says nothing of
      // the registry.
      if (absl::IsUnimplemented(absent) || absl::IsInvalidArgument(absent)) {
        known = Support::kNo;
      }
      return false;
    }
    absl::StatusOr<bool> proven = ProveOnProbeTags();
    if (proven.ok()) known = *proven ? Support::kYes : Support::kNo;
    return proven;
  }

  // Nobody else's tags have these names.
  absl::StatusOr<bool> ProbeTagsAreFree() {
    for (absl::string_view tag : kProbeTags) {
      ASSIGN_OR_RETURN(std::optional<Digest> now, Resolve(tag));
      // Guard: foreign-probe-tags-stay
      if (now && !IsPlaceholder(*now)) return false;
    }
    return true;
  }

  // The form of the placeholder that the registry takes, as far as is known.
  const RawManifest& Form() const {
    const bool takes_oci_alone =
        client_.connection->docker_types == Support::kNo ||
        docker_form_refused_.has_value();
    return takes_oci_alone ? OciPlaceholder() : Placeholder();
  }

  absl::Status PushBlobs() {
    if (!blobs_pushed_) {
      blobs_pushed_ = PushPlaceholderBlobs(client_, repository_);
    }
    return *blobs_pushed_;
  }

  // Sends one PUT under a tag that was looked at just now. CameTooLate(): it
  // must be looked at again first.
  absl::Status PutPlaceholder(absl::string_view tag, int looks_before) {
    const auto in_time = [until = BootTime() + TagLookLasts(looks_before)] {
      return CheckLookLasts(until);
    };
    const RawManifest& form = Form();
    const absl::Status put =
        PutManifest(client_, repository_, tag, form, in_time).status();
    if (&form == &OciPlaceholder()) {
      if (put.ok()) client_.connection->docker_types = Support::kNo;
      const bool refuses_both = HttpStatusOf(put) / 100 == 4 &&
                                HttpStatusOf(put) != 429 &&
                                docker_form_refused_.has_value();
      return refuses_both ? *docker_form_refused_ : put;
    }
    const bool refuses_type = HttpStatusOf(put) == 415 ||
                              RegistryCode(put) == "MANIFEST_INVALID" ||
                              RegistryCode(put) == "UNSUPPORTED";
    if (!refuses_type) return put;
    docker_form_refused_ = put;
    return LookAgain(put.message());
  }

  // Puts the placeholder under the tag, which is looked at right before each
  // try: somebody may push between two. False: `may_take` says no of what the
  // tag points at by now.
  using MayTake = std::function<bool(const std::optional<Digest>& now)>;
  absl::StatusOr<bool> Place(absl::string_view tag, const MayTake& may_take) {
    RETURN_IF_ERROR(PushBlobs());
    absl::Status put;
    int failures = 0;
    for (int looks = 0; looks < kMaxTagLooks; ++looks) {
      ASSIGN_OR_RETURN(std::optional<Digest> now, Resolve(tag));
      const bool is_placed = now && IsPlaceholder(*now);
      // An earlier try came to pass although it was answered otherwise.
      if (is_placed && looks > 0) return true;
      if (!may_take(now)) return false;
      put = PutPlaceholder(tag, looks);
      if (put.ok()) return true;
      if (CameTooLate(put)) continue;
      if (!MayPass(put) || failures == client_.connection->retries()) break;
      RETURN_IF_ERROR(
          client_.task->cancellation().SleepFor(BackOff(failures++)));
    }
    absl::StatusOr<std::optional<Digest>> now = Resolve(tag);
    if (now.ok() && *now && IsPlaceholder(**now)) return true;
    return put;
  }

  // One more try may mend it.
  static bool MayPass(const absl::Status& failure) {
    const int status = HttpStatusOf(failure);
    return status == 429 || status >= 500 ||
           (status == 0 && (absl::IsUnavailable(failure) ||
                            absl::IsDeadlineExceeded(failure)));
  }

  // The tag is nobody's, or bears the placeholder already.
  static bool IsFree(const std::optional<Digest>& now) {
    return !now || IsPlaceholder(*now);
  }

  // The first tag's delete must leave the second one, and the second one's, the
  // manifest: registries are known that delete an image with its last tag.
  absl::StatusOr<bool> ProveOnProbeTags() {
    for (absl::string_view tag : kProbeTags) {
      ASSIGN_OR_RETURN(const bool placed, Place(tag, IsFree));
      if (!placed) return false;
    }
    absl::StatusOr<bool> proven =
        DeleteLeaves(kProbeTags[0], std::string(kProbeTags[1]));
    // Guard: last-tag-takes-image
    if (proven.ok() && *proven) {
      proven = DeleteLeaves(kProbeTags[1], Form().digest.str());
    }
    if (proven.ok() && *proven) proven = StaysForAWhile(Form().digest);
    if (!proven.ok()) return proven;
    ASSIGN_OR_RETURN(bool left,
                     HasManifest(client_, repository_, Form().digest));
    if (left) {
      RETURN_IF_ERROR(FinishHalfRemovedTags(plain_));
    }
    return proven;
  }

  // Whether a DELETE of `tag` takes it away, and leaves the placeholder under
  // `reference`.
  absl::StatusOr<bool> DeleteLeaves(absl::string_view tag,
                                    const std::string& reference) {
    const absl::Status deleted = DeleteManifest(client_, repository_, tag);
    ASSIGN_OR_RETURN(std::optional<Digest> now, Resolve(tag));
    ASSIGN_OR_RETURN(std::optional<Digest> left, Resolve(reference));
    return deleted.ok() && !now && left == Form().digest;
  }

  // Some registries answer a DELETE of a tag, and take the manifest along a
  // moment later.
  absl::StatusOr<bool> StaysForAWhile(const Digest& digest) {
    const absl::Time until = BootTime() + kTakesAlongWithin;
    while (true) {
      absl::StatusOr<bool> stays = HasManifest(client_, repository_, digest);
      if (!stays.ok() || !*stays || BootTime() >= until) return stays;
      RETURN_IF_ERROR(client_.task->cancellation().SleepFor(kFirstPause));
    }
  }

  // The digest that the tag points at now; nullopt if the tag is not there.
  absl::StatusOr<std::optional<Digest>> Resolve(absl::string_view tag) {
    absl::StatusOr<ManifestHead> head =
        HeadListedTag(client_, repository_, tag);
    if (head.ok()) return std::make_optional(head->digest);
    if (absl::IsNotFound(head.status())) return std::nullopt;
    return head.status();
  }

  TagOutcome Remove(const TagToRemove& tag, bool by_tag) {
    if (by_tag || tag.ghost) {
      absl::StatusOr<std::optional<Digest>> now = Resolve(tag.tag);
      if (!now.ok()) return {tag.tag, Kind::kFailed, now.status()};
      if (tag.ghost && *now == tag.ghost) {
        return RemoveByTag(tag.tag, *tag.ghost);
      }
      if (by_tag) {
        const bool is_it = *now && (*now == tag.digest || IsPlaceholder(**now));
        if (!is_it) return {tag.tag, Kind::kMoved, {}};
        return RemoveByTag(tag.tag, **now);
      }
    }
    const absl::StatusOr<bool> placed =
        Place(tag.tag, [&tag](const std::optional<Digest>& now) {
          return now == tag.digest || (now && IsPlaceholder(*now));
        });
    if (!placed.ok()) return {tag.tag, Kind::kFailed, placed.status()};
    if (!*placed) return {tag.tag, Kind::kMoved, {}};
    placed_.insert(tag.tag);
    return {tag.tag, Kind::kRemoved, {}};
  }

  TagOutcome RemoveByTag(const std::string& tag, const Digest& digest) {
    const absl::StatusOr<Deleted> deleted = DeleteTag(plain_, tag, digest);
    if (!deleted.ok()) return {tag, Kind::kFailed, deleted.status()};
    return {
        tag, *deleted == Deleted::kDone ? Kind::kRemoved : Kind::kMoved, {}};
  }

  // Deletes the placeholder, and with it the tags that bear it. A registry that
  // did half of that is asked once more.
  void DeletePlaced() {
    if (placed_.empty()) return;
    absl::Status status = FinishHalfRemovedTags(plain_);
    if (!status.ok()) {
      return FailPlaced(
          placed_,
          Annotate(status,
                   "the tag bears our placeholder now, which cannot be "
                   "deleted; the next delete in this repository finishes it"));
    }
    absl::StatusOr<std::set<std::string>> left = PlacedAndStillListed();
    if (left.ok() && !left->empty()) {
      for (const std::string& tag : *left) {
        status.Update(Place(tag, IsFree).status());
      }
      status.Update(FinishHalfRemovedTags(plain_));
      left = PlacedAndStillListed();
    }
    if (left.ok() && !left->empty() && DeleteByName(*left)) {
      left = PlacedAndStillListed();
    }
    if (!left.ok()) return FailPlaced(placed_, left.status());
    FailPlaced(*left, absl::InternalError(absl::StrCat(
                          "the registry deleted what the tag points at, but "
                          "still lists the tag",
                          status.ok() ? "" : ": ", status.message())));
  }

  // For a registry that leaves tags listed whatever they point at. True: it
  // took one such delete at least.
  bool DeleteByName(const std::set<std::string>& tags) {
    bool took_one = false;
    for (const std::string& tag : tags) {
      absl::StatusOr<std::optional<Digest>> now = Resolve(tag);
      if (!now.ok() || !IsFree(*now)) continue;
      took_one |= *now ? DeleteTag(plain_, tag, **now).ok()
                       : DeleteDanglingTag(plain_, tag).ok();
    }
    return took_one;
  }

  // True if the tag points at the placeholder, or at nothing any more. Somebody
  // else may have pushed it again.
  absl::StatusOr<bool> IsStillPlaced(absl::string_view tag) {
    ASSIGN_OR_RETURN(std::optional<Digest> now, Resolve(tag));
    return IsFree(now);
  }

  // The same when the listing has had time to catch up.
  absl::StatusOr<std::set<std::string>> PlacedAndStillListed() {
    absl::Duration pause = kFirstPause;
    for (int look = 1;; ++look, pause *= 2) {
      absl::StatusOr<std::set<std::string>> left = PlacedAndListed();
      if ((left.ok() && left->empty()) || look == kLooksAtListing) return left;
      RETURN_IF_ERROR(client_.task->cancellation().SleepFor(pause));
    }
  }

  // Placed tags that are listed, although nothing is behind them any more.
  absl::StatusOr<std::set<std::string>> PlacedAndListed() {
    absl::StatusOr<std::vector<std::string>> listed =
        ListTags(client_, repository_);
    if (absl::IsNotFound(listed.status())) return std::set<std::string>();
    if (!listed.ok()) return listed.status();
    std::set<std::string> left;
    for (const std::string& tag : *listed) {
      if (!placed_.contains(tag)) continue;
      ASSIGN_OR_RETURN(const bool is_ours, IsStillPlaced(tag));
      if (is_ours) left.insert(tag);
    }
    return left;
  }

  void FailPlaced(const std::set<std::string>& tags,
                  const absl::Status& status) {
    for (TagOutcome& outcome : outcomes_) {
      if (outcome.kind != Kind::kRemoved || !tags.contains(outcome.tag)) {
        continue;
      }
      outcome.kind = Kind::kFailed;
      outcome.status = status;
    }
  }

  // Looks until there is an answer, or for long: what was lost is known only
  // from the bytes in hand.
  absl::StatusOr<bool> IsThere(const Digest& digest) {
    absl::StatusOr<bool> there = false;
    for (int look = 0; look < kLooksAtKept; ++look) {
      there = HasManifest(client_, repository_, digest);
      if (there.ok()) return there;
      RETURN_IF_ERROR(client_.task->cancellation().SleepFor(BackOff(look)));
    }
    return there;
  }

  absl::Status CheckKept(const std::map<Digest, RawManifest>& manifests) {
    std::string lost;
    absl::Status pushed_back;
    absl::Status unknown;
    for (const auto& [digest, raw] : manifests) {
      const absl::StatusOr<bool> there = IsThere(digest);
      if (!there.ok()) {
        unknown.Update(there.status());
      } else if (!*there) {
        lost = digest.str();
        // Guard: lost-image-is-pushed-back
        pushed_back.Update(PushBack(raw));
      }
    }
    if (lost.empty()) return unknown;
    plain_.capabilities->removes_tags_alone = Support::kNo;
    return WithHarmsOthers(absl::DataLossError(absl::StrCat(
        "removing a tag took ", lost, " along, which other tags need; ",
        pushed_back.ok() ? "it was pushed back"
                         : absl::StrCat("pushing it back failed (",
                                        pushed_back.message(), ")"),
        ", and nothing more is deleted from this registry: set "
        "shared-digest: keep for it")));
  }

  // The manifest, and the tags that are to stay on it. One that points
  // elsewhere by now is somebody else's.
  absl::Status PushBack(const RawManifest& raw) {
    absl::Status status =
        PutManifest(client_, repository_, raw.digest.str(), raw).status();
    std::set<std::string> tags;
    for (const TagToRemove& tag : tags_) {
      if (tag.digest != raw.digest) continue;
      tags.insert(tag.kept_tags.begin(), tag.kept_tags.end());
    }
    for (const std::string& tag : tags) {
      absl::StatusOr<std::optional<Digest>> now = Resolve(tag);
      status.Update(now.status());
      if (now.ok() && !*now) {
        status.Update(PutManifest(client_, repository_, tag, raw).status());
      }
    }
    return status;
  }

  PlainRepository& plain_;
  const RegistryClient& client_;
  const std::string& repository_;
  const std::vector<TagToRemove>& tags_;
  std::map<Digest, RawManifest> kept_;
  // Tags whose image could not be found.
  std::map<std::string, absl::Status> lost_;
  std::vector<TagOutcome> outcomes_;
  // Absent: not tried yet.
  std::optional<absl::Status> blobs_pushed_;
  // The refusal of the placeholder in Docker's form; absent: none so far.
  std::optional<absl::Status> docker_form_refused_;
  // Tags that were pointed at the placeholder.
  std::set<std::string> placed_;
};

// The tags that point at `digest`.
absl::StatusOr<std::vector<std::string>> TagsOn(const RegistryClient& client,
                                                const std::string& repository,
                                                const Digest& digest) {
  std::vector<std::string> tags;
  absl::StatusOr<std::vector<std::string>> listed =
      ListTags(client, repository);
  if (absl::IsNotFound(listed.status())) return tags;
  if (!listed.ok()) return listed.status();
  for (const std::string& tag : *listed) {
    const absl::StatusOr<ManifestHead> head =
        HeadManifest(client, repository, tag);
    if (head.ok() && head->digest == digest) tags.push_back(tag);
    if (!head.ok() && !absl::IsNotFound(head.status())) return head.status();
  }
  return tags;
}

// Deletes one form of the placeholder with the tags that bear it.
absl::Status DeletePlaceholder(PlainRepository& repository,
                               const Digest& digest) {
  const ImageDeletion direct =
      DeleteImage(repository, digest, {}, absl::InfiniteFuture());
  if (direct.status.ok() || HttpStatusOf(direct.status) == 0 ||
      MayTakeEffectYet(direct.status)) {
    return direct.status;
  }
  // It may be refused because of the tags.
  ASSIGN_OR_RETURN(std::vector<std::string> tags,
                   TagsOn(repository.client, repository.name, digest));
  return DeleteImage(repository, digest, tags, absl::InfiniteFuture()).status;
}

}  // namespace

absl::StatusOr<std::vector<TagOutcome>> RemoveTags(
    PlainRepository& repository, const std::vector<TagToRemove>& tags) {
  if (tags.empty()) return std::vector<TagOutcome>();
  return Remover(repository, tags).Run();
}

absl::Status FinishHalfRemovedTags(PlainRepository& repository) {
  for (const RawManifest* form : {&Placeholder(), &OciPlaceholder()}) {
    ASSIGN_OR_RETURN(
        const bool there,
        HasManifest(repository.client, repository.name, form->digest));
    if (!there) continue;
    RETURN_IF_ERROR(DeletePlaceholder(repository, form->digest));
  }
  return absl::OkStatus();
}

}  // namespace registry_manager
