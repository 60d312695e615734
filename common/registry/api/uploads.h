// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_UPLOADS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_UPLOADS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/transport.h"
#include "common/http/url.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// The destination of an upload's bytes: a Location as the registry gave it.
using UploadSession = Url;

// Begins an upload.
absl::StatusOr<UploadSession> StartUpload(const RegistryClient& client,
                                          absl::string_view repository);

// Asks for the blob to be taken over from another repository of the same
// registry. nullopt: the blob is mounted. Otherwise the registry wants the blob
// to be sent to the returned session.
absl::StatusOr<std::optional<UploadSession>> MountBlob(
    const RegistryClient& client, absl::string_view repository,
    const Digest& digest, absl::string_view from_repository);

// True if an upload that failed with `status` may succeed when it is started
// again: a lost connection, an overloaded registry, a session that lapsed,
// bytes that did not arrive as they were sent, or a token (401) in mid-blob.
bool IsWorthAnotherUpload(const absl::Status& status);

// A blob is sent in one PUT; in one PATCH and an empty PUT if the registry
// wants that; or in parts, each a PATCH, if it refuses larger ones (413). The
// connection remembers the forms that a registry refuses.
//
// True if the upload ended with such a refusal and must be started again in
// another form.
bool WantsAnotherForm(const absl::Status& status);
// True if the other form is one PATCH.
bool WantsPatch(const absl::Status& status);
// No blob needs more forms: each part is half of one that was refused.
inline constexpr int kMaxUploadForms = 48;

// Sends a blob's bytes to a session, and to others if the registry wants
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

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_UPLOADS_H_
