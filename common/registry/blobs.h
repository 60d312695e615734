// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_BLOBS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_BLOBS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/pipe.h"
#include "common/http/url.h"
#include "common/reference/digest.h"
#include "common/registry/connection.h"
#include "common/registry/manifest.h"

namespace registry_manager {

// What a repository is known to have of a blob.
enum class BlobState {
  // Nothing, or the registry does not do HEAD.
  kAbsent,
  // All of it, as far as the registry tells.
  kPresent,
  // Something of another length: an upload that went wrong.
  kBroken,
};

// Looks with a HEAD. Where that leaves the length open (a redirect to storage,
// no Content-Length), a GET of the last byte tells it; a blob whose length
// nobody tells is present.
absl::StatusOr<BlobState> LookForBlob(const RegistryClient& client,
                                      absl::string_view repository,
                                      const Descriptor& blob);
// True for kPresent.
absl::StatusOr<bool> HasBlob(const RegistryClient& client,
                             absl::string_view repository,
                             const Descriptor& blob);
// For a blob whose upload or mount the registry says it has taken: looks again,
// a few times, and does not trust a HEAD that says another length than a GET.
// DataLoss where the registry has the blob with another length all the same,
// NotFound where it does not have the blob.
absl::Status CheckArrived(const RegistryClient& client,
                          absl::string_view repository, const Descriptor& blob);

// The bytes of a small blob, verified. OutOfRange above 4 MiB.
absl::StatusOr<std::string> FetchBlob(const RegistryClient& client,
                                      absl::string_view repository,
                                      const Descriptor& blob);

// Writes a blob's bytes to `pipe` as they arrive, and closes it. Every byte is
// hashed, and the last piece is held back until the digest is known to be
// right, so that nothing wrong is ever complete at the pipe's other end. A
// transfer that breaks goes on from its offset. `pass` is one of the registry's
// gate.
absl::Status StreamBlob(const RegistryClient& client,
                        absl::string_view repository, const Descriptor& blob,
                        BodyPipe& pipe, GatePass& pass);

// Where an upload's bytes go: a Location as the registry gave it.
using UploadSession = Url;

// Begins an upload.
absl::StatusOr<UploadSession> StartUpload(const RegistryClient& client,
                                          absl::string_view repository);

// Asks for the blob to be taken over from another repository of the same
// registry. nullopt: mounted. Otherwise the registry would rather have it sent,
// to that session.
absl::StatusOr<std::optional<UploadSession>> MountBlob(
    const RegistryClient& client, absl::string_view repository,
    const Digest& digest, absl::string_view from_repository);

// An upload that failed so may end well when it is begun anew: a lost
// connection, an overloaded registry, a session that lapsed, or a token (401)
// in mid-blob.
bool IsWorthAnotherUpload(const absl::Status& status);

// Sends a blob's bytes to a session, in one PUT, or in one PATCH and an empty
// PUT where the registry wants that.
absl::Status UploadBytes(const RegistryClient& client,
                         absl::string_view repository,
                         const UploadSession& session, const Descriptor& blob,
                         const std::string& bytes);
// The same of a stream, under a pass of the gate. Unimplemented: the registry
// refuses a single PUT; begin again, with `as_patch`.
absl::Status UploadStream(const RegistryClient& client,
                          absl::string_view repository,
                          const UploadSession& session, const Descriptor& blob,
                          BodySource& source, bool as_patch, GatePass& pass);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_BLOBS_H_
