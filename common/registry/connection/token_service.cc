// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/token_service.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/reference/printable.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/json.h"
#include "common/registry/connection/redirects.h"

namespace registry_manager {
namespace {

// A token service may send a byte now and then; others wait for the token.
constexpr absl::Duration kTokenDeadline = absl::Minutes(1);
// The token protocol's default, for an answer without `expires_in`.
constexpr absl::Duration kDefaultLifetime = absl::Seconds(60);
constexpr absl::Duration kLongestLifetime = absl::Hours(24);
constexpr int kMaxRedirects = 5;
constexpr absl::string_view kRefusalPayload = "registry-manager/token-refusal";

bool IsUnknownMethod(int status) {
  return status == 404 || status == 405 || status == 501;
}

// An error of the token service says nothing about the request to the registry:
// its 404 does not mean a missing manifest.
absl::Status TokenServiceError(const absl::Status& status) {
  const bool passing =
      absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  return absl::Status(
      passing ? status.code() : absl::StatusCode::kFailedPrecondition,
      absl::StrCat("asking for a token: ", status.message()));
}

HttpRequest NewRequest(const Url& registry, const TlsSettings& tls,
                       const Url& realm) {
  HttpRequest request;
  request.tls = tls;
  if (realm.host != registry.host) {
    request.tls.client_cert.clear();
    request.tls.client_key.clear();
  }
  request.max_body = 1 << 20;
  request.deadlines.total = kTokenDeadline;
  request.url = realm.str();
  return request;
}

void AskByGet(const TokenService& service, const ScopeSet& scopes,
              const Credentials& credentials, HttpRequest& request) {
  request.method = HttpMethod::kGet;
  if (!service.service.empty()) {
    request.url = AddQuery(request.url, "service", service.service);
  }
  for (const std::string& scope : scopes) {
    request.url = AddQuery(request.url, "scope", scope);
  }
  if (credentials.anonymous()) return;
  Credentials basic = credentials;
  if (basic.password.empty()) {
    basic.password = basic.identity_token;
    if (basic.username.empty()) basic.username = "<token>";
  }
  request.headers.Add("Authorization", BasicAuthorization(basic));
}

void AskByPost(const TokenService& service, const ScopeSet& scopes,
               const Credentials& credentials, HttpRequest& request) {
  request.method = HttpMethod::kPost;
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  request.body = absl::StrCat(
      credentials.identity_token.empty()
          ? absl::StrCat("grant_type=password&username=",
                         QueryEscape(credentials.username),
                         "&password=", QueryEscape(credentials.password))
          : absl::StrCat("grant_type=refresh_token&refresh_token=",
                         QueryEscape(credentials.identity_token)),
      "&client_id=registry-manager&service=", QueryEscape(service.service),
      "&scope=", QueryEscape(absl::StrJoin(scopes, " ")));
}

// The URL that `response` redirects to, or `url` itself if it does not
// redirect. The credentials go along to the same host only, and never from
// https to http.
absl::StatusOr<Url> NextOf(const Url& url, const HttpResponse& response) {
  const auto location = response.headers.Get("Location");
  if (!IsRedirect(response.status) || !location) return url;
  absl::StatusOr<Url> next = ResolveUrl(url, *location);
  if (!next.ok()) return next.status();
  next = WithOwnScheme(url, Url(*next));
  RETURN_IF_ERROR(CheckLedTo(url, *next));
  return next;
}

absl::StatusOr<HttpResponse> Follow(const Url& registry, const TlsSettings& tls,
                                    HttpRequest request, Url url,
                                    const Exchange& exchange) {
  for (int hop = 0; hop < kMaxRedirects; ++hop) {
    const HttpRequest sent = request;
    absl::StatusOr<HttpResponse> response = exchange(std::move(request));
    if (!response.ok()) return response;
    ASSIGN_OR_RETURN(Url next, NextOf(url, *response));
    const bool stays = next.host == url.host;
    const bool keeps_method =
        response->status == 307 || response->status == 308;
    if (next.str() == url.str() ||
        (sent.method == HttpMethod::kPost && !(stays && keeps_method))) {
      return response;
    }
    request = NewRequest(registry, tls, next);
    request.method = sent.method;
    if (stays) {
      request.headers = sent.headers;
      request.body = sent.body;
    }
    url = std::move(next);
  }
  return absl::FailedPreconditionError(absl::StrCat("the token service ",
                                                    url.display(),
                                                    " redirects without "
                                                    "end"));
}

double NumberMember(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end()) return 0;
  if (member->is_number()) return member->get<double>();
  double number = 0;
  return member->is_string() &&
                 absl::SimpleAtod(member->get<std::string>(), &number) &&
                 std::isfinite(number)
             ? number
             : 0;
}

// Counted from `asked`. A service may hand out a token that it issued earlier;
// an `issued_at` by a clock that differs more than that tells nothing.
absl::Duration LifetimeOf(const nlohmann::json& answer, absl::Time asked) {
  const double seconds = NumberMember(answer, "expires_in");
  absl::Duration lifetime = kDefaultLifetime;
  if (seconds > 0) {
    lifetime = absl::Seconds(
        std::min(seconds, absl::ToDoubleSeconds(kLongestLifetime)));
  }
  absl::Time issued;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, StringMember(answer, "issued_at"),
                      &issued, &error)) {
    const absl::Duration age = asked - issued;
    if (age > absl::ZeroDuration() && age < lifetime) lifetime -= age;
  }
  return lifetime;
}

absl::StatusOr<IssuedToken> ReadToken(const Url& realm,
                                      const HttpResponse& response,
                                      absl::Time asked) {
  const absl::StatusOr<nlohmann::json> answer = ParseJson(response.body);
  IssuedToken token;
  if (answer.ok() && answer->is_object()) {
    token.value = StringMember(*answer, "token");
    if (token.value.empty()) {
      token.value = StringMember(*answer, "access_token");
    }
  }
  const bool sendable =
      !token.value.empty() &&
      std::all_of(token.value.begin(), token.value.end(),
                  [](char c) { return c > 0x20 && c < 0x7f; });
  if (!sendable) {
    return absl::DataLossError(absl::StrCat("token service ", realm.display(),
                                            " answered without a token"));
  }
  token.lifetime = LifetimeOf(*answer, asked);
  return token;
}

absl::StatusOr<Url> RealmOf(const Url& registry, const TokenService& service,
                            const Credentials& credentials) {
  absl::StatusOr<Url> realm = ResolveUrl(registry, service.realm);
  if (!realm.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the registry names a token service that cannot be used: ",
                     realm.status().message()));
  }
  realm = WithOwnScheme(registry, Url(*realm));
  if (registry.scheme == "https" && realm->scheme == "http" &&
      !credentials.anonymous()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the registry speaks https, but its token service ", realm->display(),
        " does not: the credentials are not sent there"));
  }
  return realm;
}

}  // namespace

std::string BasicAuthorization(const Credentials& credentials) {
  return absl::StrCat("Basic ",
                      absl::Base64Escape(absl::StrCat(credentials.username, ":",
                                                      credentials.password)));
}

absl::Status Refused(const Credentials& credentials,
                     const std::string& trouble) {
  std::string message =
      credentials.anonymous()
          ? "the registry wants credentials; give this registry a username and "
            "a password in the config, or log in with docker login"
          : "the registry refuses the credentials; check username and password "
            "of this registry in the config";
  if (credentials.anonymous() && !trouble.empty()) {
    absl::StrAppend(&message, " (", trouble, ")");
  }
  return absl::UnauthenticatedError(message);
}

absl::StatusOr<IssuedToken> AskForToken(
    const Url& registry, const TlsSettings& tls, const TokenService& service,
    const ScopeSet& scopes, const RegistryCredentials& all,
    const Credentials& credentials, const Exchange& exchange) {
  ASSIGN_OR_RETURN(const Url realm, RealmOf(registry, service, credentials));
  const absl::Time asked = absl::Now();
  const auto ask = [&](bool by_post) {
    HttpRequest request = NewRequest(registry, tls, realm);
    (by_post ? AskByPost : AskByGet)(service, scopes, credentials, request);
    return Follow(registry, tls, std::move(request), realm, exchange);
  };
  bool by_post = !credentials.identity_token.empty();
  absl::StatusOr<HttpResponse> response = ask(by_post);
  if (response.ok() && IsUnknownMethod(response->status) &&
      !credentials.anonymous()) {
    absl::StatusOr<HttpResponse> other = ask(!by_post);
    if (other.ok() && !IsUnknownMethod(other->status)) {
      by_post = !by_post;
      response = std::move(other);
    }
  }
  const HttpMethod method = by_post ? HttpMethod::kPost : HttpMethod::kGet;
  if (!response.ok()) {
    return ErrorOfExchange(method, realm, response.status());
  }
  if (response->status / 100 == 2) return ReadToken(realm, *response, asked);
  absl::Status status =
      response->status == 401 || response->status == 403
          ? Annotate(Refused(credentials, all.trouble),
                     absl::StrCat("token service ", realm.display()))
          : TokenServiceError(ErrorOfResponse(method, realm, *response));
  if (response->status / 100 == 4 && !absl::IsResourceExhausted(status) &&
      !absl::IsUnavailable(status)) {
    status.SetPayload(kRefusalPayload,
                      absl::Cord(absl::StrCat(response->status)));
  }
  return status;
}

int RefusalOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kRefusalPayload);
  int code = 0;
  return payload && absl::SimpleAtoi(std::string(*payload), &code) ? code : 0;
}

}  // namespace registry_manager
