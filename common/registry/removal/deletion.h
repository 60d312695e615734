// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_DELETION_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_DELETION_H_

#include <string>

#include "absl/status/status.h"
#include "common/reference/digest.h"
#include "common/registry/connection.h"

namespace registry_manager {

// Finds out, without deleting anything, whether the registry deletes in this
// repository: a DELETE of a digest that cannot exist answers 404 or 202 where
// it does. Unimplemented: it does not (the message says what to change in its
// configuration). PermissionDenied or Unauthenticated: rights are missing.
absl::Status CheckDeletes(const RegistryClient& client,
                          const std::string& repository);

// Deletes a manifest by its digest, and judges by state: OK when the digest is
// gone. One DELETE is sent; another only where the registry said that it did
// not carry the first out (429, 503). After a time-out, a lost connection or a
// proxy's 502 or 504 the state is watched for up to a minute. Tags that the
// manifest bore are the caller's to check.
absl::Status DeleteDigest(const RegistryClient& client,
                          const std::string& repository, const Digest& digest);

// `status` is DeleteDigest's: the digest may go yet, because nobody knows what
// became of the request. Nothing is to be written in the repository meanwhile.
bool MayTakeEffectYet(const absl::Status& status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_REMOVAL_DELETION_H_
