// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/removal/deletion.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/registry/errors.h"
#include "common/registry/manifests.h"
#include "common/registry/retry.h"

namespace registry_manager {
namespace {

// No content has this digest.
constexpr absl::string_view kImpossibleDigest =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";
constexpr int kMaxDeletes = 8;
constexpr int kMaxChecks = 4;
// How long a digest that was deleted may be handed out by a cache.
constexpr absl::Duration kForgets = absl::Seconds(15);
// How long a DELETE may still be carried out whose connection was lost (most
// often with the registry itself), and one behind a proxy that lost patience.
constexpr absl::Duration kOutlivesConnection = absl::Seconds(20);
constexpr absl::Duration kOutlivesProxy = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Seconds(2);
constexpr absl::string_view kUnknownPayload = "registry-manager/unknown";

// Finds out whether something is gone; an error: it could not be found out.
using Look = std::function<absl::StatusOr<bool>()>;

// Looks until it is gone, or the time has come. A look that fails says nothing;
// without a connection there is no use in more of them.
absl::StatusOr<bool> Watch(const Look& is_gone, absl::Time until,
                           Cancellation& cancellation) {
  for (int look = 0;; ++look) {
    absl::StatusOr<bool> gone = is_gone();
    if (gone.ok() && *gone) return gone;
    if (IsNoAnswer(gone.status()) || absl::Now() >= until) return gone;
    const absl::Status slept =
        cancellation.SleepFor(std::min(BackOff(look), kLongestPause));
    if (!slept.ok()) return slept;
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

// How long it takes at most until the answer shows in what the registry has.
absl::Duration TakesEffectWithin(const absl::Status& answer) {
  if (answer.ok()) return kForgets;
  if (!IsUnanswered(answer)) return absl::ZeroDuration();
  const int status = HttpStatusOf(answer);
  return status == 0 || status == 500 ? kOutlivesConnection : kOutlivesProxy;
}

absl::Status Unknown(const absl::Status& status) {
  absl::Status unknown =
      Annotate(status,
               "what became of a DELETE is not known, so that nothing more is "
               "done in this repository for now");
  unknown.SetPayload(kUnknownPayload, absl::Cord("1"));
  return unknown;
}

// Sends a DELETE of `reference`, and judges by what `is_gone` finds.
absl::StatusOr<Deleted> DeleteAndWatch(const RegistryClient& client,
                                       const std::string& repository,
                                       absl::string_view reference,
                                       const Look& is_gone,
                                       Settling& settling) {
  Cancellation& cancellation = client.task->cancellation();
  RequestGate& gate = client.connection->gate();
  absl::Status answer;
  for (int attempt = 0; attempt < kMaxDeletes; ++attempt) {
    const absl::Status turn = settling.Await(cancellation);
    if (!turn.ok()) return turn;
    // Held until it is known whether others must wait.
    const absl::Status acquired = gate.Acquire(1, &cancellation);
    if (!acquired.ok()) return acquired;
    std::optional<GatePass> pass(&gate);
    answer = DeleteManifest(client, repository, reference, &*pass,
                            [&settling] { return settling.Now(); });
    // Another one came to be unsettled while this one waited for its turn.
    if (absl::IsAborted(answer)) {
      --attempt;
      continue;
    }
    // Cancelled, or no connection, or no token: it is as it was.
    if (!answer.ok() && !RequestMayHaveArrived(answer)) return answer;
    std::optional<Settling::Hold> hold;
    if (IsUnanswered(answer)) hold.emplace(settling);
    pass.reset();
    const absl::StatusOr<bool> gone =
        Watch(is_gone, absl::Now() + TakesEffectWithin(answer), cancellation);
    if (gone.ok() && *gone) {
      return absl::IsNotFound(answer) && attempt == 0 ? Deleted::kPassedOver
                                                      : Deleted::kDone;
    }
    if (!gone.ok() || IsUnanswered(answer)) {
      if (hold) hold->Abandon();
      if (gone.ok()) return Unknown(answer);
      return Unknown(answer.ok() ? gone.status()
                                 : Annotate(gone.status(), answer.message()));
    }
    if (!WasTurnedAway(answer)) break;
    const absl::Status slept = cancellation.SleepFor(BackOff(attempt));
    if (!slept.ok()) return slept;
  }
  if (answer.ok() || absl::IsNotFound(answer)) {
    return absl::InternalError(
        absl::StrCat("the registry answered that it deleted ", reference,
                     ", but still hands it out"));
  }
  return answer;
}

}  // namespace

absl::Status CheckDeletes(const RegistryClient& client,
                          const std::string& repository) {
  absl::Status status;
  for (int attempt = 0; attempt < kMaxChecks; ++attempt) {
    status = DeleteManifest(client, repository, kImpossibleDigest);
    if (status.ok() || absl::IsNotFound(status)) return absl::OkStatus();
    // Nothing can have been deleted, so that asking again is safe.
    if (!WasTurnedAway(status) && !absl::IsUnavailable(status)) break;
    const absl::Status slept =
        client.task->cancellation().SleepFor(BackOff(attempt));
    if (!slept.ok()) return slept;
  }
  if (absl::IsUnimplemented(status)) {
    return Annotate(
        status,
        absl::StrCat("registry ", client.connection->address().display(),
                     " does not delete: nothing was changed; allow it in the "
                     "registry's configuration (docker-registry: "
                     "storage.delete.enabled: true, and no read-only mode)"));
  }
  return Annotate(status,
                  "whether the registry deletes cannot be found out, so that "
                  "nothing is deleted from this repository");
}

absl::StatusOr<Deleted> DeleteDigest(const RegistryClient& client,
                                     const std::string& repository,
                                     const Digest& digest, Settling& settling) {
  const Look is_gone = [&]() -> absl::StatusOr<bool> {
    const absl::StatusOr<bool> there = HasManifest(client, repository, digest);
    if (!there.ok()) return there.status();
    return !*there;
  };
  return DeleteAndWatch(client, repository, digest.str(), is_gone, settling);
}

absl::StatusOr<Deleted> DeleteTag(const RegistryClient& client,
                                  const std::string& repository,
                                  absl::string_view tag, const Digest& digest,
                                  Settling& settling) {
  const Look is_gone = [&]() -> absl::StatusOr<bool> {
    absl::StatusOr<ManifestHead> head = HeadManifest(client, repository, tag);
    if (absl::IsNotFound(head.status())) return true;
    if (!head.ok()) return head.status();
    return head->digest != digest;
  };
  const absl::StatusOr<bool> gone = is_gone();
  if (!gone.ok()) return gone.status();
  if (*gone) return Deleted::kPassedOver;
  return DeleteAndWatch(client, repository, tag, is_gone, settling);
}

absl::Status DeleteDanglingTag(const RegistryClient& client,
                               const std::string& repository,
                               absl::string_view tag, Settling& settling) {
  const absl::Status turn = settling.Await(client.task->cancellation());
  if (!turn.ok()) return turn;
  return DeleteManifest(client, repository, tag);
}

bool MayTakeEffectYet(const absl::Status& status) {
  return status.GetPayload(kUnknownPayload).has_value();
}

}  // namespace registry_manager
