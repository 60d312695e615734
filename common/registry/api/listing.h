// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_API_LISTING_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_API_LISTING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/registry/connection/connection.h"

namespace registry_manager {

// The listings of a registry: each is complete, or an error. Pages are followed
// as listing_reader.h says, never to another host.

struct CatalogPage {
  // As the registry lists them; not checked.
  std::vector<std::string> repositories;
  // The beginning of the next page; empty if there is none.
  std::string next_cursor;
};

// One page of GET /v2/_catalog. `cursor` is empty, or a next_cursor.
// InvalidArgument: the registry refuses the cursor, list again from the start.
// Unimplemented or PermissionDenied: it does not list its catalogue to this
// user; the message advises `repositories:`.
absl::StatusOr<CatalogPage> ListCatalogPage(const RegistryClient& client,
                                            const std::string& cursor);

// Every tag of a repository, in the registry's order; not checked. NotFound:
// there is no such repository (a catalogue may list one that is empty).
absl::StatusOr<std::vector<std::string>> ListTags(const RegistryClient& client,
                                                  absl::string_view repository);

// Whether something that speaks the Registry API answers at the address, by its
// base endpoint: FailedPrecondition if there is none. A registry that was found
// is not asked again.
absl::Status CheckIsRegistry(const RegistryClient& client);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_API_LISTING_H_
