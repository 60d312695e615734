// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/authenticator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/registry/errors.h"
#include "common/registry/json.h"

namespace registry_manager {
namespace {

// A token service may send a byte now and then; others wait for the token.
constexpr absl::Duration kTokenDeadline = absl::Minutes(1);
// The token protocol's default, for an answer without `expires_in`.
constexpr absl::Duration kDefaultLifetime = absl::Seconds(60);
// A run touches many repositories; tokens of those that are done are dropped.
constexpr size_t kMaxTokens = 10000;
// A helper may ask a cloud's service, and so may every request that is refused.
constexpr absl::Duration kRenewEvery = absl::Seconds(30);

// How long a token is used: to its end but for a margin in which a request may
// be under way.
absl::Duration UsableFor(absl::Duration lifetime) {
  return lifetime - std::min(lifetime / 4, absl::Seconds(15));
}

std::string BasicAuthorization(const Credentials& credentials) {
  return absl::StrCat("Basic ",
                      absl::Base64Escape(absl::StrCat(credentials.username, ":",
                                                      credentials.password)));
}

// What the token service answers says nothing of what was asked of the
// registry: its 404 is no missing manifest.
absl::Status TokenServiceError(const absl::Status& status) {
  const bool passing =
      absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  return absl::Status(
      passing ? status.code() : absl::StatusCode::kFailedPrecondition,
      absl::StrCat("asking for a token: ", status.message()));
}

absl::Status Refused(const Credentials& credentials) {
  return absl::UnauthenticatedError(
      credentials.anonymous()
          ? "the registry wants credentials; give this registry a username and "
            "a password in the config, or log in with docker login"
          : "the registry refuses the credentials; check username and password "
            "of this registry in the config");
}

// True where one of `scopes` grants all that `scope` does: of the same name,
// with its actions and perhaps more.
bool Covers(const ScopeSet& scopes, absl::string_view scope) {
  const size_t name_end = scope.rfind(':') + 1;
  const std::vector<absl::string_view> wanted =
      absl::StrSplit(scope.substr(name_end), ',');
  return std::any_of(
      scopes.begin(), scopes.end(), [&](absl::string_view granted) {
        if (!absl::ConsumePrefix(&granted, scope.substr(0, name_end))) {
          return false;
        }
        const std::set<absl::string_view> actions =
            absl::StrSplit(granted, ',');
        return std::all_of(
            wanted.begin(), wanted.end(),
            [&](absl::string_view action) { return actions.contains(action); });
      });
}

const Challenge* Find(const std::vector<Challenge>& challenges,
                      absl::string_view scheme) {
  const auto found =
      std::find_if(challenges.begin(), challenges.end(),
                   [&](const Challenge& c) { return c.scheme == scheme; });
  return found == challenges.end() ? nullptr : &*found;
}

}  // namespace

Authenticator::Authenticator(Url registry, Credentials credentials,
                             TlsSettings tls, CredentialsLookUp renew)
    : registry_(std::move(registry)),
      tls_(std::move(tls)),
      renew_(std::move(renew)),
      credentials_(std::move(credentials)) {}

Authenticator::Scheme& Authenticator::SchemeFor(const ScopeSet& scopes) {
  const std::string first = scopes.empty() ? "" : *scopes.begin();
  return schemes_[first.substr(0, first.find(':'))];
}

bool Authenticator::Renew(const Credentials& refused) {
  if (credentials_ != refused) return true;
  const absl::Time now = absl::Now();
  if (!renew_ || now < renew_from_) return false;
  renew_from_ = now + kRenewEvery;
  absl::StatusOr<Credentials> found = renew_();
  if (!found.ok() || *found == refused) return false;
  credentials_ = *std::move(found);
  return true;
}

absl::StatusOr<std::string> Authenticator::Authorization(
    const ScopeSet& scopes, const Exchange& exchange) {
  Scheme scheme;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    scheme = SchemeFor(scopes);
    if (scheme.kind == Scheme::Kind::kNone) return "";
    if (scheme.kind == Scheme::Kind::kBasic) {
      return BasicAuthorization(credentials_);
    }
  }
  absl::StatusOr<std::string> token = BearerToken(scopes, scheme, exchange);
  if (!token.ok()) return token.status();
  return absl::StrCat("Bearer ", *token);
}

absl::StatusOr<std::string> Authenticator::BearerToken(
    const ScopeSet& scopes, const Scheme& scheme, const Exchange& exchange) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto wanted = wanted_scopes_.find(scopes);
  const ScopeSet asked =
      wanted == wanted_scopes_.end() ? scopes : wanted->second;
  token_fetched_.wait(lock, [&] { return !tokens_[asked].being_fetched; });
  Token& cached = tokens_[asked];
  if (!cached.value.empty() && absl::Now() < cached.renew_at) {
    return cached.value;
  }
  cached.being_fetched = true;
  const auto fetch = [&] {
    const Credentials credentials = credentials_;
    lock.unlock();
    absl::StatusOr<Token> token = Fetch(asked, scheme, credentials, exchange);
    lock.lock();
    const bool refused = absl::IsUnauthenticated(token.status());
    return std::pair(std::move(token), refused && Renew(credentials));
  };
  auto [token, renewed] = fetch();
  if (renewed) token = fetch().first;
  // Another thread may have made room meanwhile, but never takes an entry that
  // is being fetched.
  tokens_[asked] = token.ok() ? *token : Token{};
  if (tokens_.size() > kMaxTokens) {
    const absl::Time now = absl::Now();
    for (auto entry = tokens_.begin(); entry != tokens_.end();) {
      const Token& old = entry->second;
      const bool drop = !old.being_fetched && entry->first != asked &&
                        (now >= old.renew_at || tokens_.size() > kMaxTokens);
      entry = drop ? tokens_.erase(entry) : std::next(entry);
    }
  }
  token_fetched_.notify_all();
  if (!token.ok()) return token.status();
  return token->value;
}

absl::StatusOr<HttpRequest> Authenticator::TokenRequest(
    const ScopeSet& scopes, const Scheme& scheme,
    const Credentials& credentials) const {
  absl::StatusOr<Url> realm = ParseUrl(scheme.realm);
  if (!realm.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the registry names a token service that cannot be used: ",
                     realm.status().message()));
  }
  if (registry_.scheme == "https" && realm->scheme == "http" &&
      !credentials.anonymous()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the registry speaks https, but its token service ", realm->display(),
        " does not: the credentials are not sent there"));
  }
  HttpRequest request;
  request.tls = tls_;
  if (realm->host != registry_.host) {
    request.tls.client_cert.clear();
    request.tls.client_key.clear();
  }
  request.max_body = 1 << 20;
  request.deadlines.total = kTokenDeadline;
  request.url = realm->str();
  if (!credentials.identity_token.empty()) {
    request.method = HttpMethod::kPost;
    request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
    request.body = absl::StrCat(
        "grant_type=refresh_token&client_id=registry-manager&service=",
        QueryEscape(scheme.service),
        "&scope=", QueryEscape(absl::StrJoin(scopes, " ")),
        "&refresh_token=", QueryEscape(credentials.identity_token));
    return request;
  }
  if (!scheme.service.empty()) {
    request.url = AddQuery(request.url, "service", scheme.service);
  }
  for (const std::string& scope : scopes) {
    request.url = AddQuery(request.url, "scope", scope);
  }
  if (!credentials.anonymous()) {
    request.headers.Add("Authorization", BasicAuthorization(credentials));
  }
  return request;
}

absl::StatusOr<Authenticator::Token> Authenticator::Fetch(
    const ScopeSet& scopes, const Scheme& scheme,
    const Credentials& credentials, const Exchange& exchange) const {
  absl::StatusOr<HttpRequest> request =
      TokenRequest(scopes, scheme, credentials);
  if (!request.ok()) return request.status();
  const HttpMethod method = request->method;
  const absl::StatusOr<Url> url = ParseUrl(request->url);
  const absl::Time asked = absl::Now();
  absl::StatusOr<HttpResponse> response = exchange(*std::move(request));
  if (!response.ok()) {
    return ErrorOfExchange(method, *url, response.status());
  }
  if (response->status == 401 || response->status == 403) {
    return Annotate(Refused(credentials),
                    absl::StrCat("token service ", url->display()));
  }
  if (response->status / 100 != 2) {
    return TokenServiceError(ErrorOfResponse(method, *url, *response));
  }
  absl::StatusOr<nlohmann::json> answer = ParseJson(response->body);
  Token token;
  if (answer.ok()) {
    token.value = StringMember(*answer, "token");
    if (token.value.empty())
      token.value = StringMember(*answer, "access_token");
  }
  const bool sendable =
      !token.value.empty() &&
      std::all_of(token.value.begin(), token.value.end(),
                  [](char c) { return c > 0x20 && c < 0x7f; });
  if (!sendable) {
    return absl::DataLossError(absl::StrCat("token service ", url->display(),
                                            " answered without a token"));
  }
  absl::Duration lifetime = kDefaultLifetime;
  if (const auto seconds = answer->find("expires_in");
      seconds != answer->end() && seconds->is_number() && *seconds > 0) {
    lifetime = absl::Seconds(std::min(seconds->get<double>(), 86400.0));
  }
  token.renew_at = asked + UsableFor(lifetime);
  return token;
}

absl::Status Authenticator::Learn(const ScopeSet& scopes,
                                  const std::string& authorization,
                                  const HttpResponse& refusal) {
  std::vector<Challenge> challenges;
  for (absl::string_view header : refusal.headers.GetAll("WWW-Authenticate")) {
    for (Challenge& challenge : ParseChallenges(header)) {
      challenges.push_back(std::move(challenge));
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const Challenge* bearer = Find(challenges, "bearer");
      bearer != nullptr && !bearer->Get("realm").empty()) {
    return LearnBearer(scopes, *bearer, authorization);
  }
  if (Find(challenges, "basic") == nullptr) {
    return absl::UnauthenticatedError(
        "the registry refuses the request and asks for neither Basic nor "
        "Bearer authentication");
  }
  // What was refused is what is known, or another thread has found better.
  const bool refused = authorization == BasicAuthorization(credentials_);
  if (refused && !Renew(credentials_)) return Refused(credentials_);
  if (credentials_.password.empty()) return Refused(credentials_);
  SchemeFor(scopes).kind = Scheme::Kind::kBasic;
  return absl::OkStatus();
}

absl::Status Authenticator::LearnBearer(const ScopeSet& scopes,
                                        const Challenge& challenge,
                                        const std::string& authorization) {
  Scheme& scheme = SchemeFor(scopes);
  scheme = {Scheme::Kind::kBearer, challenge.Get("realm"),
            challenge.Get("service")};
  ScopeSet asked = scopes;
  const std::string named = challenge.Get("scope");
  for (absl::string_view scope :
       absl::StrSplit(named, ' ', absl::SkipEmpty())) {
    if (!Covers(scopes, scope)) asked.insert(std::string(scope));
  }
  const auto before = wanted_scopes_.find(scopes);
  const ScopeSet refused =
      before == wanted_scopes_.end() ? scopes : before->second;
  if (asked != scopes) wanted_scopes_[scopes] = asked;
  if (wanted_scopes_.size() > kMaxTokens) wanted_scopes_.clear();
  // The token that was refused has lapsed, or lacks a right.
  if (const auto token = tokens_.find(refused);
      token != tokens_.end() && !token->second.being_fetched &&
      authorization == absl::StrCat("Bearer ", token->second.value)) {
    tokens_.erase(token);
  }
  return absl::OkStatus();
}

}  // namespace registry_manager
