// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_TAG_STATES_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_TAG_STATES_H_

#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/concurrency/parallel.h"
#include "common/reference/digest.h"
#include "common/registry/connection/connection.h"
#include "common/registry/drivers/repository_state.h"

namespace registry_manager {

// Lists the tags of a repository and resolves each. Empty if the registry does
// not know the repository; FailedPrecondition if the server is not a registry.
// An error if one tag cannot be resolved: the error names the tag, and nothing
// may be deleted then. A tag is dangling if, after a second listing, it answers
// 404 MANIFEST_UNKNOWN to a GET with every media type; one that vanished
// meanwhile is left out.
absl::StatusOr<TagStates> ReadTagStates(const RegistryClient& client,
                                        const std::string& repository,
                                        ThreadPool& pool);

// Resolves those of `tags` that are listed, as ReadTagStates() does.
absl::StatusOr<TagStates> ReadTagStatesOf(const RegistryClient& client,
                                          const std::string& repository,
                                          const std::set<std::string>& tags,
                                          ThreadPool& pool);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_DRIVERS_PLAIN_TAG_STATES_H_
