// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SKOPEO_WORDS_H_
#define REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SKOPEO_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/address.h"
#include "common/registry/connection/credentials.h"

namespace registry_manager {

// Names registries as skopeo (1.9, on containers/image 5.22) does, and reads
// its messages. Pure.

// Returns "docker://HOST/REPOSITORY", to which ":TAG" may be added.
// FailedPrecondition if the registry lies below a path, which skopeo has no
// word for; InvalidArgument if the name is not a repository's.
absl::StatusOr<std::string> SkopeoRepository(const Address& address,
                                             absl::string_view repository);

// The contents of an --authfile that holds `credentials` for the registry. Not
// to be left out for want of credentials: skopeo would look for others.
std::string SkopeoAuthFile(const Address& address,
                           const Credentials& credentials);

// Why it failed: the last line of its standard error, as plain text, without
// `secrets` and without the queries of URLs, which may hold signatures.
std::string SkopeoReason(absl::string_view errors,
                         const std::vector<std::string>& secrets);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_WORKER_HANDLERS_SKOPEO_SKOPEO_WORDS_H_
