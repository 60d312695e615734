// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_DELETION_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_DELETION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/reference/digest.h"
#include "common/registry/connection/connection.h"
#include "common/registry/drivers/plain/plain_repository.h"

namespace registry_manager {

// Finds out, without deleting anything, whether the registry deletes in this
// repository: a DELETE of a digest that cannot exist answers 404 or 202 if it
// does. DoesNotDelete() of the error (removal.h): it does not (the message says
// what to change in its configuration). PermissionDenied or Unauthenticated:
// rights are missing.
absl::Status CheckDeletes(const RegistryClient& client,
                          const std::string& repository);

// The outcome of one delete.
enum class Deleted {
  kDone,
  // The target was not there any more, or it was a tag that pointed at
  // something else: somebody else was faster.
  kPassedOver,
};

// Deletes a manifest by its digest, and judges by state: OK when the digest is
// gone. One DELETE is sent; another only if the registry said that it did not
// carry the first out (429, 503); none once the look at the repository that it
// rests on is too old (CameTooLate() of the error). After a time-out, a lost
// connection or another 5xx the state is watched for up to a minute, and
// the repository's Settling holds the other deletes back. Tags that the
// manifest bore are the caller's to check.
absl::StatusOr<Deleted> DeleteDigest(PlainRepository& repository,
                                     const Digest& digest,
                                     absl::Time look_lasts_until);

// Deletes a tag by its name, if it still points at `digest`: it is looked at
// right before each DELETE. Judged by state as DeleteDigest does it: OK when
// the tag does not point at `digest` any more. Some registries delete the
// manifest with it, and every other tag on that: only for tags whose image
// goes, too, or if the registry is proven to remove tags alone.
absl::StatusOr<Deleted> DeleteTag(PlainRepository& repository,
                                  absl::string_view tag, const Digest& digest);

// Deletes a tag by its name that points at nothing, which is looked at right
// before. Returns what the registry answered: only a listing tells whether the
// tag is gone. AlreadyExists: somebody has pushed it meanwhile, it stays.
absl::Status DeleteDanglingTag(PlainRepository& repository,
                               absl::string_view tag);

// `status` is DeleteDigest's or DeleteTag's: it may go yet, because nobody
// knows what became of the request. Nothing may be written in the repository
// meanwhile.
bool MayTakeEffectYet(const absl::Status& status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_DELETION_H_
