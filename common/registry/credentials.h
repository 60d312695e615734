// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CREDENTIALS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CREDENTIALS_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/address.h"

namespace registry_manager {

// What a registry is told of who asks. Empty: anonymous.
struct Credentials {
  std::string username;
  std::string password;
  // An OAuth2 refresh token (docker's `identitytoken`), instead of a password.
  std::string identity_token;

  bool anonymous() const { return password.empty() && identity_token.empty(); }
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// Finds a registry's credentials anew: those that helpers give lapse, some
// within the hour.
using CredentialsLookUp = std::function<absl::StatusOr<Credentials>()>;

// Looks a registry up in docker's config.json: `credHelpers`, then
// `credsStore`, then `auths` (helpers are programs `docker-credential-NAME` on
// PATH, given ten seconds). `auth_file` empty: $DOCKER_CONFIG/config.json, else
// ~/.docker/config.json, of which neither need exist. Anonymous where nothing
// is found. Errors name the file or the helper, never a secret.
absl::StatusOr<Credentials> LookUpCredentials(const std::string& auth_file,
                                              const Address& address);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CREDENTIALS_H_
