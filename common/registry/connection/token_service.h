// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_TOKEN_SERVICE_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_TOKEN_SERVICE_H_

#include <functional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/http/url.h"
#include "common/registry/connection/credentials.h"

namespace registry_manager {

// The rights that one request needs, as the token protocol spells them:
// "repository:library/redis:pull", "registry:catalog:*" (distribution's
// docs/spec/auth/scope.md). A mount needs two, in one token.
using ScopeSet = std::set<std::string>;

// Carries one request out.
using Exchange =
    std::function<absl::StatusOr<HttpResponse>(HttpRequest request)>;

// A token service as a registry names it in a challenge.
struct TokenService {
  std::string realm;
  std::string service;
};

struct IssuedToken {
  std::string value;
  // The lifetime of the token from the moment that it was asked for.
  absl::Duration lifetime;
};

// "Basic …".
std::string BasicAuthorization(const Credentials& credentials);

// Says that `credentials` are refused, or wanted if they are anonymous;
// Unauthenticated. `trouble` is RegistryCredentials::trouble.
absl::Status Refused(const Credentials& credentials,
                     const std::string& trouble);

// Asks a token service for a token (distribution's docs/spec/auth/token.md, and
// oauth.md for identity tokens). A service that does not know the method of the
// one is asked by the other. Redirects are followed, to another host without
// the credentials. `registry` is the registry's base URL.
//
// Unauthenticated: it refuses the credentials, or what they ask for.
// FailedPrecondition: another answer that will not change. RefusalOf() tells
// these from errors that pass. DataLoss: it gave no token.
absl::StatusOr<IssuedToken> AskForToken(
    const Url& registry, const TlsSettings& tls, const TokenService& service,
    const ScopeSet& scopes, const RegistryCredentials& all,
    const Credentials& credentials, const Exchange& exchange);

// The HTTP status (4xx) of a token service's refusal; 0 for other errors.
int RefusalOf(const absl::Status& status);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_TOKEN_SERVICE_H_
