// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_UPLOADS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_UPLOADS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/transport.h"
#include "common/http/url.h"
#include "common/reference/digest.h"
#include "common/registry/connection.h"
#include "common/registry/manifest.h"

namespace registry_manager {

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
// connection, an overloaded registry, a session that lapsed, bytes that did not
// arrive as they were sent, or a token (401) in mid-blob.
bool IsWorthAnotherUpload(const absl::Status& status);

// A blob goes in one PUT; in one PATCH and an empty PUT where the registry
// wants that; or in parts, each a PATCH, where it refuses larger ones (413).
// What a registry refuses is remembered in the connection.
//
// True where the upload ended with such a refusal: begin it again, in another
// form.
bool WantsAnotherForm(const absl::Status& status);
// That form is one PATCH.
bool WantsPatch(const absl::Status& status);
// No blob needs more of them: each part is half of one that was refused.
inline constexpr int kMaxUploadForms = 48;

// Sends a blob's bytes to a session, and to others where the registry wants
// another form.
absl::Status UploadBytes(const RegistryClient& client,
                         absl::string_view repository,
                         const UploadSession& session, const Descriptor& blob,
                         const std::string& bytes);
// Sends a stream to a session, under a pass of the gate.
absl::Status UploadStream(const RegistryClient& client,
                          absl::string_view repository,
                          const UploadSession& session, const Descriptor& blob,
                          BodySource& source, bool as_patch, GatePass& pass);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_UPLOADS_H_
