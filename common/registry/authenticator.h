// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_AUTHENTICATOR_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_AUTHENTICATOR_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/http/url.h"
#include "common/registry/challenge.h"
#include "common/registry/credentials.h"

namespace registry_manager {

// The rights that one request needs, as the token protocol spells them:
// "repository:library/redis:pull", "registry:catalog:*" (distribution's
// docs/spec/auth/scope.md). A mount needs two, in one token.
using ScopeSet = std::set<std::string>;

// Finds the Authorization header for requests to one registry: none, Basic, or
// a bearer token of the token service that the registry names. Tokens are
// cached by scope set, and renewed before they lapse; credentials are looked up
// again once they are refused. Thread-safe: requests that need the same token
// wait for one fetch.
class Authenticator {
 public:
  // `exchange` carries one request out. `registry` is the registry's base URL.
  using Exchange =
      std::function<absl::StatusOr<HttpResponse>(HttpRequest request)>;
  Authenticator(Url registry, Credentials credentials, TlsSettings tls,
                CredentialsLookUp renew);

  // The header's value for a request with `scopes`, by what is known so far; ""
  // for none. May fetch a token.
  absl::StatusOr<std::string> Authorization(const ScopeSet& scopes,
                                            const Exchange& exchange);

  // Learns from a 401 to a request that was sent with `authorization`. OK: ask
  // Authorization() again and repeat the request. Unauthenticated: there is
  // nothing better to send; the message says why.
  absl::Status Learn(const ScopeSet& scopes, const std::string& authorization,
                     const HttpResponse& refusal);

 private:
  struct Token {
    std::string value;
    absl::Time renew_at;
    bool being_fetched = false;
  };
  // What the registry asked for, by kind of scope: Harbor wants Basic for its
  // catalogue and bearer tokens for everything else.
  struct Scheme {
    enum class Kind { kNone, kBasic, kBearer };
    Kind kind = Kind::kNone;
    std::string realm;
    std::string service;
  };

  Scheme& SchemeFor(const ScopeSet& scopes);
  absl::StatusOr<std::string> BearerToken(const ScopeSet& scopes,
                                          const Scheme& scheme,
                                          const Exchange& exchange);
  absl::StatusOr<Token> Fetch(const ScopeSet& scopes, const Scheme& scheme,
                              const Credentials& credentials,
                              const Exchange& exchange) const;
  absl::StatusOr<HttpRequest> TokenRequest(
      const ScopeSet& scopes, const Scheme& scheme,
      const Credentials& credentials) const;
  // True: there are others than those that were refused. With the mutex held.
  bool Renew(const Credentials& refused);
  absl::Status LearnBearer(const ScopeSet& scopes, const Challenge& challenge,
                           const std::string& authorization);

  const Url registry_;
  const TlsSettings tls_;
  const CredentialsLookUp renew_;

  std::mutex mutex_;
  Credentials credentials_;
  absl::Time renew_from_ = absl::InfinitePast();
  std::condition_variable token_fetched_;
  std::map<std::string, Scheme> schemes_;
  // Scopes that the registry named itself in a challenge, beside ours.
  std::map<ScopeSet, ScopeSet> wanted_scopes_;
  std::map<ScopeSet, Token> tokens_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_AUTHENTICATOR_H_
