// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_AUTHENTICATOR_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_AUTHENTICATOR_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/transport.h"
#include "common/http/url.h"
#include "common/registry/connection/challenge.h"
#include "common/registry/connection/credentials.h"
#include "common/registry/connection/token_service.h"

namespace registry_manager {

// Finds the Authorization header for requests to one registry: none, Basic, or
// a bearer token of the token service that the registry names. Tokens are
// cached by scope set, and renewed before they lapse; credentials are looked up
// again once they are refused. Thread-safe: requests that need the same token
// wait for one fetch.
class Authenticator {
 public:
  // The number of pauses and tokens that one request has tried so far.
  struct Trials {
    int pauses = 0;
    int tokens = 0;
  };

  // `registry` is the registry's base URL.
  Authenticator(Url registry, RegistryCredentials credentials, TlsSettings tls,
                CredentialsLookUp renew);

  // The header's value for a request with `scopes`, by what is known so far; ""
  // for none. May fetch a token.
  absl::StatusOr<std::string> Authorization(const ScopeSet& scopes,
                                            const Exchange& exchange);

  // Learns from a 401 to a request that was sent with `authorization`. OK: wait
  // so long, ask Authorization() again and repeat the request. Unauthenticated:
  // there is nothing better to send; the message says why. Unavailable or
  // Cancelled: nobody could say whether there are other credentials.
  absl::StatusOr<absl::Duration> Learn(const ScopeSet& scopes,
                                       const std::string& authorization,
                                       const HttpResponse& refusal,
                                       Trials& trials);
  // Some registries answer 403 or 400, without a challenge, to tokens or
  // credentials that have lapsed. True if Authorization() may return something
  // better now.
  // Other errors are those of Learn().
  absl::StatusOr<bool> LearnFromDenial(const ScopeSet& scopes,
                                       const std::string& authorization,
                                       const HttpResponse& denial);
  // A request with `authorization` was let through.
  void LetThrough(const ScopeSet& scopes, const std::string& authorization,
                  const Trials& trials);

  // Asks the token service that the registry named for `scopes` whether it
  // takes the credentials, without asking for any rights. FailedPrecondition if
  // the registry has not named a token service.
  absl::Status AskTokenService(const ScopeSet& scopes,
                               const Exchange& exchange);
  // The credentials as they are known now.
  RegistryCredentials credentials();
  // True if a request with `scopes` is sent without credentials.
  bool IsAnonymous(const ScopeSet& scopes);
  // True if a request with `scopes` is sent with the credentials for the whole
  // registry.
  bool UsesWhole(const ScopeSet& scopes);

 private:
  struct Token {
    std::string value;
    absl::Time obtained = absl::InfinitePast();
    absl::Time renew_at = absl::InfinitePast();
    bool being_fetched = false;
    // True once a request with this token was let through.
    bool worked = false;
  };
  // The scheme that the registry asked for, by kind of scope: Harbor wants
  // Basic for its catalogue and bearer tokens for everything else.
  struct Scheme {
    enum class Kind { kNone, kBasic, kBearer };
    Kind kind = Kind::kNone;
    TokenService service;
  };

  // The mutex must be held for all of these except Fetch() and BearerToken().
  Scheme& SchemeFor(const ScopeSet& scopes);
  const Credentials& CredentialsFor(const ScopeSet& scopes) const;
  const ScopeSet& AskedFor(const ScopeSet& scopes) const;
  // The token that `authorization` holds; null if it is not in use any more.
  Token* FindToken(const ScopeSet& scopes, const std::string& authorization);
  absl::StatusOr<std::string> BearerToken(const ScopeSet& scopes,
                                          const Scheme& scheme,
                                          const Exchange& exchange);
  absl::StatusOr<Token> Fetch(const ScopeSet& scopes, const ScopeSet& asked,
                              const Scheme& scheme, const Exchange& exchange);
  absl::StatusOr<Token> FetchOnce(const ScopeSet& asked, const Scheme& scheme,
                                  const Exchange& exchange);
  void DropTokens(const ScopeSet& but);
  // True: there are others than those that were refused. `next` is when they
  // may be looked up again. `lock`, which holds the mutex, is let go while they
  // are looked up: that may take minutes, and other requests go on meanwhile.
  // Unavailable or Cancelled: nobody could say; the next one asks again.
  absl::StatusOr<bool> Renew(const ScopeSet& scopes, const Credentials& refused,
                             absl::Time& next,
                             std::unique_lock<std::mutex>& lock);
  // Asks without the mutex.
  absl::StatusOr<RegistryCredentials> LookUp(const ScopeSet& scopes,
                                             const Credentials& refused) const;
  absl::StatusOr<absl::Duration> LearnBearer(const ScopeSet& scopes,
                                             const Challenge& challenge,
                                             const std::string& authorization,
                                             Trials& trials);
  absl::StatusOr<absl::Duration> AfterFreshToken(const ScopeSet& asked,
                                                 const Challenge& challenge,
                                                 Trials& trials);
  absl::StatusOr<bool> HasLapsed(const ScopeSet& scopes,
                                 const std::string& authorization,
                                 const HttpResponse& refusal,
                                 std::unique_lock<std::mutex>& lock);

  const Url registry_;
  const TlsSettings tls_;
  const CredentialsLookUp renew_;

  std::mutex mutex_;
  RegistryCredentials credentials_;
  // The earliest times to look up credentials again: after a refusal, and after
  // an answer that may not have been a refusal.
  absl::Time renew_from_ = absl::InfinitePast();
  absl::Time renew_from_after_denial_ = absl::InfinitePast();
  // True while credentials are looked up. A request whose credentials are
  // refused meanwhile waits for that look-up and takes its end.
  bool being_renewed_ = false;
  uint64_t renewals_ = 0;
  absl::Status last_renewal_;
  std::condition_variable renewed_;
  std::condition_variable token_fetched_;
  std::map<std::string, Scheme> schemes_;
  // The scopes that are asked for instead of the key's scopes: with scopes that
  // the registry named itself in a challenge, or without scopes that its token
  // service refuses together with others.
  std::map<ScopeSet, ScopeSet> asked_instead_;
  std::map<ScopeSet, Token> tokens_;
  // True once a token was accepted within its first second: clocks agree, as a
  // rule.
  bool takes_fresh_tokens_ = false;
  // The number of times that waiting for clocks was of no use, since it last
  // was of use.
  int pauses_in_vain_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_AUTHENTICATOR_H_
