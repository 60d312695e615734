// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/removal/deletion.h"

#include "absl/strings/str_cat.h"
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
// How long a DELETE without an answer, or behind a cache, may take to have its
// effect.
constexpr int kLooks = 8;

enum class Presence { kThere, kGone };

absl::StatusOr<Presence> Look(const RegistryClient& client,
                              const std::string& repository,
                              const Digest& digest) {
  absl::StatusOr<ManifestHead> head =
      HeadManifest(client, repository, digest.str());
  if (head.ok()) return Presence::kThere;
  if (absl::IsNotFound(head.status())) return Presence::kGone;
  return head.status();
}

// Looks until the digest is gone, or for long enough.
absl::StatusOr<Presence> Watch(const RegistryClient& client,
                               const std::string& repository,
                               const Digest& digest) {
  for (int look = 0;; ++look) {
    absl::StatusOr<Presence> presence = Look(client, repository, digest);
    if (!presence.ok() || *presence == Presence::kGone || look + 1 >= kLooks) {
      return presence;
    }
    const absl::Status slept =
        client.task->cancellation().SleepFor(BackOff(look));
    if (!slept.ok()) return slept;
  }
}

// The registry says that it did nothing, and may do it later.
bool WasTurnedAway(const absl::Status& status) {
  return HttpStatusOf(status) == 429 || HttpStatusOf(status) == 503;
}

// It may still be carried out: no answer, or one of a proxy that got none.
bool MayTakeEffect(const absl::Status& answer) {
  const int status = HttpStatusOf(answer);
  return answer.ok() || status == 0 || status == 502 || status == 504;
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
    const absl::StatusOr<Presence> presence =
        MayTakeEffect(answer) ? Watch(client, repository, digest)
                              : Look(client, repository, digest);
    if (!presence.ok()) {
      return answer.ok() ? presence.status()
                         : Annotate(presence.status(), answer.message());
    }
    if (*presence == Presence::kGone) return absl::OkStatus();
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

}  // namespace registry_manager
