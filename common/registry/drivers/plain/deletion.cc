// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/drivers/plain/deletion.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/registry/api/manifests.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/retry.h"
#include "common/registry/drivers/look_age.h"
#include "common/registry/drivers/removal.h"

namespace registry_manager {
namespace {

// No content has this digest.
constexpr absl::string_view kImpossibleDigest =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";
constexpr int kMaxDeletes = 8;
constexpr int kMaxChecks = 4;
// The longest time for which a cache may hand out a digest that was deleted.
constexpr absl::Duration kForgets = absl::Seconds(15);
// The longest times after which a DELETE may still be carried out: after its
// connection was lost (most often with the registry itself), and behind a proxy
// that lost patience.
constexpr absl::Duration kOutlivesConnection = absl::Seconds(20);
constexpr absl::Duration kOutlivesProxy = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Seconds(2);
constexpr absl::string_view kUnknownPayload = "registry-manager/unknown";

// Finds out whether something is gone; an error: it could not be found out.
using Look = std::function<absl::StatusOr<bool>()>;

// Looks until the target is gone, or until the time has come. A look that fails
// says nothing; without a connection more looks are of no use.
absl::StatusOr<bool> Watch(const Look& is_gone, absl::Time until,
                           Cancellation& cancellation) {
  for (int look = 0;; ++look) {
    absl::StatusOr<bool> gone = is_gone();
    if (gone.ok() && *gone) return gone;
    if (IsNoAnswer(gone.status()) || absl::Now() >= until) return gone;
    RETURN_IF_ERROR(
        cancellation.SleepFor(std::min(BackOff(look), kLongestPause)));
  }
}

// The registry says that it did nothing, and may do it later.
bool WasTurnedAway(const absl::Status& status) {
  return HttpStatusOf(status) == 429 || HttpStatusOf(status) == 503;
}

// No answer, one of a proxy that got none, or one after which the registry may
// carry it out all the same (Docker Hub, GitLab). 501 says that it never does.
bool IsUnanswered(const absl::Status& answer) {
  const int status = HttpStatusOf(answer);
  return !answer.ok() && !WasTurnedAway(answer) &&
         (status == 0 || (status >= 500 && status != 501));
}

// The registry itself said that something went wrong, and then shows for a
// while that it did not carry the DELETE out: the others go on.
bool IsOwnFailure(const absl::Status& answer) {
  const int status = HttpStatusOf(answer);
  return status == 500 || (status >= 505 && status < 520);
}

// The longest time until a DELETE with this answer shows in the registry's
// content.
absl::Duration TakesEffectWithin(const absl::Status& answer) {
  if (answer.ok()) return kForgets;
  // Guard: unanswered-delete-is-watched
  if (!IsUnanswered(answer)) return absl::ZeroDuration();
  const int status = HttpStatusOf(answer);
  return status == 0 || IsOwnFailure(answer) ? kOutlivesConnection
                                             : kOutlivesProxy;
}

absl::Status Unknown(const absl::Status& status) {
  absl::Status unknown =
      Annotate(status,
               "what became of a DELETE is not known, so that nothing more is "
               "done in this repository for now");
  unknown.SetPayload(kUnknownPayload, absl::Cord("1"));
  return unknown;
}

// One thing to delete.
struct Target {
  absl::string_view reference;
  Look is_gone;
  // The time from which the look at the target is too old. If absent, `is_gone`
  // is called right before each DELETE.
  std::optional<absl::Time> look_lasts_until;
};

// Sends DELETEs of one target, and judges by what is left of it.
class Deleter {
 public:
  Deleter(PlainRepository& repository, Target target)
      : client_(repository.client),
        repository_(repository.name),
        target_(std::move(target)),
        settling_(repository.settling) {}

  absl::StatusOr<Deleted> Run() {
    absl::Status answer;
    for (int attempt = 0, looks = 0; attempt < kMaxDeletes;) {
      const absl::Status turn = settling_.Await(cancellation());
      if (!turn.ok()) return turn;
      RETURN_IF_ERROR(settling_.CheckFailures());
      absl::Time until = target_.look_lasts_until.value_or(BootTime());
      if (!target_.look_lasts_until) {
        ASSIGN_OR_RETURN(const bool gone, target_.is_gone());
        // Guard: moved-tag-is-spared
        if (gone) return attempt == 0 ? Deleted::kPassedOver : Deleted::kDone;
        until = BootTime() + TagLookLasts(looks);
      }
      std::optional<Settling::Hold> hold;
      answer = Send(until, hold);
      // Another DELETE became unsettled while this one waited for its turn.
      if (absl::IsAborted(answer)) continue;
      const bool looks_again =
          !target_.look_lasts_until && ++looks < kMaxTagLooks;
      if (CameTooLate(answer) && looks_again) continue;
      // Cancelled, or no connection, or no token: nothing has changed.
      if (!answer.ok() && !RequestMayHaveArrived(answer)) return answer;
      absl::StatusOr<bool> gone =
          Watch(target_.is_gone, absl::Now() + TakesEffectWithin(answer),
                cancellation());
      if (gone.ok() && *gone) {
        settling_.CountSuccess();
        const bool others_did = absl::IsNotFound(answer) && attempt == 0;
        return others_did ? Deleted::kPassedOver : Deleted::kDone;
      }
      const absl::Status unknown = WhatIsNotKnown(answer, gone.status());
      if (!unknown.ok()) {
        if (IsOwnFailure(answer)) settling_.CountFailure();
        if (hold && MayTakeEffectYet(unknown)) hold->Abandon();
        return unknown;
      }
      if (!WasTurnedAway(answer)) break;
      // Somebody may push a tag on it, or list it, while this one waits.
      // Guard: turned-away-digest-needs-a-look
      if (RestsOnAPlan()) return LookAgain(answer.message());
      RETURN_IF_ERROR(cancellation().SleepFor(BackOff(attempt++)));
    }
    if (!answer.ok() && !absl::IsNotFound(answer)) return answer;
    return absl::InternalError(absl::StrCat(
        answer.ok() ? "the registry answered that it deleted "
                    : "the registry answered (HTTP 404) that there is no ",
        target_.reference, ", but still hands it out"));
  }

 private:
  Cancellation& cancellation() { return client_.task->cancellation(); }

  // The target was looked at with others, some time ago.
  bool RestsOnAPlan() const {
    return target_.look_lasts_until &&
           *target_.look_lasts_until != absl::InfiniteFuture();
  }

  // Fills `hold` if others must wait.
  absl::Status Send(absl::Time until, std::optional<Settling::Hold>& hold) {
    RequestGate& gate = client_.connection->gate();
    // A parked registry is waited for with the next look, not after this one.
    const absl::Status acquired =
        RestsOnAPlan() ? gate.AcquireUnlessParked(&cancellation())
                       : gate.Acquire(1, &cancellation());
    if (RestsOnAPlan() && absl::IsResourceExhausted(acquired)) {
      return LookAgain(acquired.message());
    }
    if (!acquired.ok()) return WithRequestNotSent(acquired);
    const absl::Time sends_until = BootTime() + kTagLookLasts;
    // Kept until it is known whether others must wait.
    GatePass pass(&gate);
    absl::Status answer = DeleteManifest(
        client_, repository_, target_.reference, &pass, [&]() -> absl::Status {
          RETURN_IF_ERROR(settling_.Now());
          return CheckLookLasts(RestsOnAPlan() ? std::min(until, sends_until)
                                               : until);
        });
    const bool arrived = answer.ok() || RequestMayHaveArrived(answer);
    if (arrived && IsUnanswered(answer)) hold.emplace(settling_);
    return answer;
  }

  // OK: what the target is in is what `answer` made of it.
  static absl::Status WhatIsNotKnown(const absl::Status& answer,
                                     const absl::Status& look) {
    if (!look.ok()) {
      return Unknown(answer.ok() ? look : Annotate(look, answer.message()));
    }
    if (!IsUnanswered(answer)) return absl::OkStatus();
    if (!IsOwnFailure(answer)) return Unknown(answer);
    return WithMessage(
        answer,
        absl::StrCat(answer.message(), "; it was not carried out within ",
                     absl::FormatDuration(kOutlivesConnection),
                     ", and what becomes of it is not known"));
  }

  const RegistryClient& client_;
  const std::string& repository_;
  const Target target_;
  Settling& settling_;
};

}  // namespace

absl::Status CheckDeletes(const RegistryClient& client,
                          const std::string& repository) {
  absl::Status status;
  for (int attempt = 0; attempt < kMaxChecks; ++attempt) {
    status = DeleteManifest(client, repository, kImpossibleDigest);
    if (status.ok() || absl::IsNotFound(status)) return absl::OkStatus();
    // Nothing can have been deleted, so that asking again is safe.
    if (!WasTurnedAway(status) && !absl::IsUnavailable(status)) break;
    RETURN_IF_ERROR(client.task->cancellation().SleepFor(BackOff(attempt)));
  }
  if (absl::IsUnimplemented(status)) {
    return WithDoesNotDelete(Annotate(
        status,
        absl::StrCat("registry ", client.connection->address().display(),
                     " does not delete: nothing was changed; allow it in the "
                     "registry's configuration (docker-registry: "
                     "storage.delete.enabled: true, and no read-only mode)")));
  }
  return Annotate(status,
                  "whether the registry deletes cannot be found out, so that "
                  "nothing is deleted from this repository");
}

absl::StatusOr<Deleted> DeleteDigest(PlainRepository& repository,
                                     const Digest& digest,
                                     absl::Time look_lasts_until) {
  const Look is_gone = [&]() -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const bool there,
                     HasManifest(repository.client, repository.name, digest));
    return !there;
  };
  return Deleter(repository, {digest.str(), is_gone, look_lasts_until}).Run();
}

absl::StatusOr<Deleted> DeleteTag(PlainRepository& repository,
                                  absl::string_view tag, const Digest& digest) {
  const Look is_gone = [&]() -> absl::StatusOr<bool> {
    absl::StatusOr<ManifestHead> head =
        HeadListedTag(repository.client, repository.name, tag);
    if (absl::IsNotFound(head.status())) return true;
    if (!head.ok()) return head.status();
    return head->digest != digest;
  };
  return Deleter(repository, {tag, is_gone, std::nullopt}).Run();
}

absl::Status DeleteDanglingTag(PlainRepository& repository,
                               absl::string_view tag) {
  const RegistryClient& client = repository.client;
  Cancellation& cancellation = client.task->cancellation();
  for (int looks = 0;; ++looks) {
    RETURN_IF_ERROR(repository.settling.Await(cancellation));
    const absl::Status now =
        HeadListedTag(client, repository.name, tag).status();
    if (now.ok()) {
      return absl::AlreadyExistsError(
          "somebody has pushed the tag meanwhile: it stays");
    }
    if (!absl::IsNotFound(now)) return now;
    const absl::Time until = BootTime() + TagLookLasts(looks);
    const absl::Status answer =
        DeleteManifest(client, repository.name, tag, nullptr,
                       [until] { return CheckLookLasts(until); });
    if (!CameTooLate(answer) || looks == kMaxTagLooks) return answer;
  }
}

bool MayTakeEffectYet(const absl::Status& status) {
  return status.GetPayload(kUnknownPayload).has_value();
}

}  // namespace registry_manager
