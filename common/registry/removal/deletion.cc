// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/removal/deletion.h"

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
constexpr absl::string_view kUnknownPayload = "registry-manager/unknown";

enum class Presence { kThere, kGone };

absl::StatusOr<Presence> Look(const RegistryClient& client,
                              const std::string& repository,
                              const Digest& digest) {
  const absl::StatusOr<bool> there = HasManifest(client, repository, digest);
  if (!there.ok()) return there.status();
  return *there ? Presence::kThere : Presence::kGone;
}

// Looks until the digest is gone, or the time has come. A look that fails says
// nothing; without a connection there is no use in more of them.
absl::StatusOr<Presence> Watch(const RegistryClient& client,
                               const std::string& repository,
                               const Digest& digest, absl::Time until) {
  for (int look = 0;; ++look) {
    absl::StatusOr<Presence> presence = Look(client, repository, digest);
    if (presence.ok() && *presence == Presence::kGone) return presence;
    if (IsNoAnswer(presence.status()) || absl::Now() >= until) return presence;
    const absl::Status slept =
        client.task->cancellation().SleepFor(BackOff(look));
    if (!slept.ok()) return slept;
  }
}

// The registry says that it did nothing, and may do it later.
bool WasTurnedAway(const absl::Status& status) {
  return HttpStatusOf(status) == 429 || HttpStatusOf(status) == 503;
}

// No answer, or one of a proxy that got none. 520 to 527 are Cloudflare's.
bool IsUnanswered(const absl::Status& answer) {
  const int status = HttpStatusOf(answer);
  return !answer.ok() && (status == 0 || status == 502 || status == 504 ||
                          (status >= 520 && status <= 527));
}

// How long it takes at most until the answer shows in what the registry has.
absl::Duration TakesEffectWithin(const absl::Status& answer) {
  if (answer.ok()) return kForgets;
  if (!IsUnanswered(answer)) return absl::ZeroDuration();
  return HttpStatusOf(answer) == 0 ? kOutlivesConnection : kOutlivesProxy;
}

absl::Status Unknown(const absl::Status& status) {
  absl::Status unknown =
      Annotate(status,
               "what became of a DELETE is not known, so that nothing more is "
               "done in this repository for now");
  unknown.SetPayload(kUnknownPayload, absl::Cord("1"));
  return unknown;
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

absl::Status DeleteDigest(const RegistryClient& client,
                          const std::string& repository, const Digest& digest) {
  absl::Status answer;
  for (int attempt = 0; attempt < kMaxDeletes; ++attempt) {
    answer = DeleteManifest(client, repository, digest.str());
    // Cancelled, or no connection, or no token: it is as it was.
    if (!answer.ok() && !RequestMayHaveArrived(answer)) return answer;
    const absl::StatusOr<Presence> presence = Watch(
        client, repository, digest, absl::Now() + TakesEffectWithin(answer));
    if (!presence.ok()) {
      return Unknown(answer.ok()
                         ? presence.status()
                         : Annotate(presence.status(), answer.message()));
    }
    if (*presence == Presence::kGone) return absl::OkStatus();
    if (IsUnanswered(answer)) return Unknown(answer);
    if (!WasTurnedAway(answer)) break;
    const absl::Status slept =
        client.task->cancellation().SleepFor(BackOff(attempt));
    if (!slept.ok()) return slept;
  }
  if (answer.ok() || absl::IsNotFound(answer)) {
    return absl::InternalError(
        absl::StrCat("the registry answered that it deleted ", digest.str(),
                     ", but still hands it out"));
  }
  return answer;
}

bool MayTakeEffectYet(const absl::Status& status) {
  return status.GetPayload(kUnknownPayload).has_value();
}

}  // namespace registry_manager
