// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CREDENTIALS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CREDENTIALS_H_

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/reference/address.h"

namespace registry_manager {

// The credentials that a registry gets from us. If they are empty, access is
// anonymous.
struct Credentials {
  std::string username;
  std::string password;
  // An OAuth2 refresh token (docker's `identitytoken`), instead of a password.
  std::string identity_token;

  bool anonymous() const { return password.empty() && identity_token.empty(); }
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// All credentials for one registry: auth files may name others for a part of
// its repositories (containers-auth.json(5)).
struct RegistryCredentials {
  RegistryCredentials() = default;
  // Uses the same credentials for every repository.
  RegistryCredentials(Credentials all)  // NOLINT(google-explicit-constructor)
      : whole(std::move(all)) {}
  RegistryCredentials(std::string username, std::string password,
                      std::string identity_token)
      : whole{std::move(username), std::move(password),
              std::move(identity_token)} {}

  // The credentials for `repository`, or for the nearest namespace around it
  // that has some.
  const Credentials& For(absl::string_view repository) const;
  bool anonymous() const { return whole.anonymous() && parts.empty(); }
  friend bool operator==(const RegistryCredentials& a,
                         const RegistryCredentials& b) {
    return a.whole == b.whole && a.parts == b.parts;
  }

  Credentials whole;
  // By namespace or repository: "team", "team/app".
  std::map<std::string, Credentials> parts;
  // The reason why sources of credentials were of no use; "" if none failed.
  std::string trouble;
};

// Finds a registry's credentials anew: those that helpers give lapse, some
// within the hour.
using CredentialsLookUp = std::function<absl::StatusOr<RegistryCredentials>()>;

// Looks a registry up as docker and its peers do: `credHelpers`, then
// `credsStore`, then `auths` (helpers are programs `docker-credential-NAME` on
// PATH, given ten seconds). A helper that is missing, fails, or knows nothing
// is passed over; the first two are told in `trouble`.
//
// `auth_file` is the only file read if it is not empty, and otherwise
// $REGISTRY_AUTH_FILE if that is set. Otherwise, the first that knows the
// registry: $DOCKER_AUTH_CONFIG (the text itself), docker's config.json
// ($DOCKER_CONFIG/config.json, ~/.docker/config.json), podman's and skopeo's
// auth.json ($XDG_RUNTIME_DIR/containers, ~/.config/containers). Errors name
// the file, never a secret.
absl::StatusOr<RegistryCredentials> LookUpCredentials(
    const std::string& auth_file, const Address& address);

// Reads the password anew from a `password-file`.
absl::StatusOr<RegistryCredentials> ReadPasswordFile(
    const std::string& username, const std::string& file);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_CREDENTIALS_H_
