// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_REFERRERS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_REFERRERS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/digest.h"
#include "common/registry/api/manifest.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// The manifests that are attached to `subject`, by the referrers API.
// Unimplemented where the registry has none; the fallback tag then serves.
//
// The first answer of a registry says whether it has the API, for as long as
// the connection lives. Registries without one answer in many ways: 404, 405,
// 406, a page of HTML, and also 401 or 403 where the subject itself may be
// read. Once a list has come, such answers are errors; 429 and 5xx always are.
absl::StatusOr<std::vector<Descriptor>> ListReferrers(
    const RegistryClient& client, absl::string_view repository,
    const Digest& subject);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_REFERRERS_H_
