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

// Whether the repository is known to have the blob (HEAD; a redirect to storage
// counts). A registry that does not do HEAD says nothing: false.
absl::StatusOr<bool> HasBlob(const RegistryClient& client,
                             absl::string_view repository,
                             const Digest& digest);

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
