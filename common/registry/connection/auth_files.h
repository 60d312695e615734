// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_AUTH_FILES_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_AUTH_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/reference/address.h"
#include "common/registry/connection/credentials.h"

namespace registry_manager {

// One source of credentials: a file that may be absent, or a text.
struct AuthSource {
  // For messages: the file's path, or the variable's name.
  std::string name;
  std::string text;
};

// The sources of LookUpCredentials that exist, in order. FailedPrecondition if
// one that was asked for by name cannot be read.
absl::StatusOr<std::vector<AuthSource>> AuthSources(
    const std::string& auth_file);

// Adds what `source` knows of the registry and is not in `found` yet.
absl::Status AddFrom(const AuthSource& source, const Address& address,
                     RegistryCredentials& found);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_AUTH_FILES_H_
