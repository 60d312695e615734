// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/registry/connection/attempts.h"
#include "common/registry/connection/docker_hub.h"
#include "common/registry/connection/errors.h"
#include "common/registry/connection/redirects.h"

namespace registry_manager {
namespace {

constexpr int kMaxRedirects = 10;
// A request meets a challenge, then perhaps a token that has just lapsed, or
// one that lacks a right, or one that is too young for the registry's clock.
constexpr int kMaxRounds = 8;
// Registries look through every tag of a repository on object storage.
constexpr absl::Duration kDeleteDeadline = absl::Minutes(10);
// No exchange but a stream is endless: a server may send a byte now and then.
constexpr absl::Duration kLongestExchange = absl::Minutes(15);

// An address that is not a valid URL ("[1:::2]") fails when a connection to it
// is opened.
Url BaseOf(const Address& address) {
  absl::StatusOr<Url> base = ParseUrl(ApiBase(address));
  if (base.ok()) return *std::move(base);
  return {address.scheme(), address.host(), address.host(), address.prefix(),
          ""};
}

// The error for a request that was not sent because the registry had asked for
// patience.
absl::Status ParkedStatus() {
  return WithRequestNotSent(absl::ResourceExhaustedError(
      "the registry asked for patience, more often than is waited for"));
}

// A token service that asks to be spared speaks for its registry.
absl::StatusOr<HttpResponse> FetchToken(HttpTransport& transport,
                                        RequestGate& gate, GatePass& pass,
                                        TaskScope& task, HttpRequest request) {
  if (gate.ParkedFor() > absl::ZeroDuration()) return ParkedStatus();
  const absl::Status turn = pass.BeginRequest(&task.cancellation());
  if (!turn.ok()) return WithRequestNotSent(turn);
  request.cancellation = &task.cancellation();
  task.CountRequest();
  absl::StatusOr<HttpResponse> response = transport.Execute(std::move(request));
  if (response.ok()) TellGate(*response, gate);
  return response;
}

std::string LedTo(const RegistryRequest& request, const Url& url) {
  return absl::StrCat(HttpMethodName(request.method), " ",
                      request.url.display(), ": the registry leads to ",
                      url.display());
}

// A refusal by storage that a registry leads to says nothing about the
// registry: its 404 does not mean a missing manifest, and its 401 does not ask
// for our credentials. But if the storage asks to be spared, the registry is
// spared, too.
absl::Status ForeignRefusal(const RegistryRequest& request, const Url& url,
                            const HttpResponse& response, RequestGate& gate) {
  absl::Status status = absl::UnavailableError(absl::StrCat(
      LedTo(request, url), ", which answered HTTP ", response.status));
  return IsThrottling(response.status, TellGate(response, gate))
             ? WithThrottled(std::move(status))
             : status;
}

// Nobody could say in time whether there are other credentials: that is not a
// refusal yet.
absl::Status ErrorOfRenewal(const RegistryRequest& request,
                            const absl::Status& status) {
  return WithRequestNotSent(Annotate(status, request.url.display()));
}

}  // namespace

// The attempts of one request to be let in.
struct RegistryConnection::SignIn {
  int rounds = 0;
  bool denied = false;
  Authenticator::Trials trials;
};

RegistryConnection::RegistryConnection(RegistryOptions options,
                                       HttpTransport* transport,
                                       RequestGate* gate)
    : options_(std::move(options)),
      base_(BaseOf(options_.address)),
      transport_(transport),
      gate_(gate),
      authenticator_(base_, options_.credentials, options_.tls,
                     options_.renew_credentials) {}

Url RegistryConnection::Endpoint(absl::string_view path) const {
  Url url = base_;
  url.path = absl::StrCat(base_.path == "/" ? "" : base_.path, "/v2/", path);
  return url;
}

Url RegistryConnection::RepositoryEndpoint(absl::string_view repository,
                                           absl::string_view path) const {
  return Endpoint(
      absl::StrCat(ApiRepository(options_.address, repository), "/", path));
}

std::string RegistryConnection::Scope(absl::string_view repository,
                                      absl::string_view actions) const {
  return absl::StrCat(
      "repository:", ApiRepository(options_.address, repository), ":", actions);
}

absl::StatusOr<HttpResponse> RegistryConnection::Send(
    TaskScope& task, const RegistryRequest& request) {
  Attempts attempts({request.repeatable, request.outlives_timeout,
                     request.source != nullptr, request.sink != nullptr},
                    options_.retries, *gate_, task);
  while (true) {
    absl::StatusOr<HttpResponse> outcome = SendAuthenticated(task, request);
    if (attempts.Again(outcome)) continue;
    if (outcome.ok()) return outcome;
    // Whatever a request that was cut off says: this is why it was.
    absl::Status status = task.cancellation().status();
    if (status.ok()) status = outcome.status();
    if (absl::IsUnauthenticated(status)) {
      status = JudgeRefusal(task, request, status);
    }
    return WithRegistry(std::move(status), options_.address.str());
  }
}

absl::Status RegistryConnection::JudgeRefusal(TaskScope& task,
                                              const RegistryRequest& request,
                                              const absl::Status& refusal) {
  if (request.url.str() == Endpoint("").str()) {
    return WithCredentialsRefused(refusal);
  }
  // The credentials are for a part of the registry only.
  if (!authenticator_.UsesWhole(request.scopes)) return refusal;
  if (!takes_credentials) {
    const absl::Status proof = ProveCredentials(task, request);
    if (absl::IsUnauthenticated(proof)) return WithCredentialsRefused(refusal);
    if (!proof.ok()) return refusal;
    takes_credentials = true;
  }
  return WithMessage(
      refusal,
      absl::StrCat(refusal.message(), " (", options_.address.display(),
                   " takes them elsewhere: rights are missing for this)"));
}

absl::Status RegistryConnection::ProveCredentials(
    TaskScope& task, const RegistryRequest& request) {
  RegistryRequest base;
  base.url = Endpoint("");
  base.pass = request.pass;
  ASSIGN_OR_RETURN(const HttpResponse answer, SendAuthenticated(task, base));
  GatePass own_pass;
  if (request.pass == nullptr) {
    RETURN_IF_ERROR(gate_->Acquire(1, &task.cancellation()));
    own_pass = GatePass(gate_);
  }
  GatePass& pass = request.pass == nullptr ? own_pass : *request.pass;
  if (answer.status / 100 == 2) {
    ASSIGN_OR_RETURN(const HttpResponse without,
                     SendFollowingRedirects(task, base, "", pass));
    if (without.status == 401) return absl::OkStatus();
  }
  // The base endpoint is open to all, which proves nothing.
  if (authenticator_.IsAnonymous(request.scopes)) {
    return absl::FailedPreconditionError("there are no credentials");
  }
  const absl::Status token = authenticator_.AskTokenService(
      request.scopes, [&](HttpRequest token_request) {
        return FetchToken(*transport_, *gate_, pass, task,
                          std::move(token_request));
      });
  // With Basic, it was the credentials themselves that were refused.
  const bool is_basic =
      absl::IsFailedPrecondition(token) && RefusalOf(token) == 0;
  const bool refused = is_basic || RefusalOf(token) != 0;
  return refused ? absl::UnauthenticatedError(token.message()) : token;
}

absl::StatusOr<bool> RegistryConnection::LearnFrom(
    TaskScope& task, const RegistryRequest& request,
    const std::string& authorization, HttpResponse& response, SignIn& sign_in) {
  if (response.status == 400 || response.status == 403) {
    if (sign_in.denied) return false;
    absl::StatusOr<bool> learnt =
        authenticator_.LearnFromDenial(request.scopes, authorization, response);
    if (!learnt.ok()) return ErrorOfRenewal(request, learnt.status());
    if (!*learnt) return false;
    sign_in.denied = true;
    // To the caller of a source, who begins anew, as after a challenge.
    if (request.source != nullptr) response.status = 401;
    return true;
  }
  absl::StatusOr<absl::Duration> pause = authenticator_.Learn(
      request.scopes, authorization, response, sign_in.trials);
  if (absl::IsUnavailable(pause.status()) ||
      absl::IsCancelled(pause.status())) {
    return ErrorOfRenewal(request, pause.status());
  }
  if (!pause.ok()) {
    return WithMessage(
        ErrorOfResponse(request.method, request.url, response),
        absl::StrCat(HttpMethodName(request.method), " ", request.url.display(),
                     ": HTTP 401; ", pause.status().message()));
  }
  if (++sign_in.rounds >= kMaxRounds) {
    return ErrorOfResponse(request.method, request.url, response);
  }
  RETURN_IF_ERROR(task.cancellation().SleepFor(*pause));
  return true;
}

absl::StatusOr<HttpResponse> RegistryConnection::SendAuthenticated(
    TaskScope& task, const RegistryRequest& request) {
  GatePass own_pass;
  if (request.pass == nullptr) {
    RETURN_IF_ERROR(gate_->Acquire(1, &task.cancellation()));
    own_pass = GatePass(gate_);
  }
  GatePass& pass = request.pass == nullptr ? own_pass : *request.pass;
  const auto fetch_token = [&](HttpRequest token_request) {
    return FetchToken(*transport_, *gate_, pass, task,
                      std::move(token_request));
  };
  const bool own_origin = request.url.SameOrigin(base_);
  if (const absl::Status status = CheckLedTo(base_, request.url);
      !own_origin && !status.ok()) {
    return status;
  }
  for (SignIn sign_in;;) {
    std::string authorization;
    if (own_origin) {
      absl::StatusOr<std::string> found =
          authenticator_.Authorization(request.scopes, fetch_token);
      if (!found.ok()) {
        return WithRequestNotSent(
            Annotate(found.status(), request.url.display()));
      }
      authorization = *std::move(found);
    }
    absl::StatusOr<HttpResponse> response =
        SendFollowingRedirects(task, request, authorization, pass);
    if (!response.ok()) return response;
    const int status = response->status;
    if (status == 401) has_asked = true;
    if (!own_origin) {
      if (status != 401) return response;
      return ErrorOfResponse(request.method, request.url, *response);
    }
    if (status != 400 && status != 401 && status != 403) {
      NoteLetThrough(request, authorization, status, sign_in);
      return response;
    }
    ASSIGN_OR_RETURN(bool again, LearnFrom(task, request, authorization,
                                           *response, sign_in));
    // A source has been touched and cannot be used again: the caller begins
    // anew, with what is learnt here.
    if (!again || request.source != nullptr) return response;
  }
}

void RegistryConnection::NoteLetThrough(const RegistryRequest& request,
                                        const std::string& authorization,
                                        int status, const SignIn& sign_in) {
  if (authorization.empty() || (status >= 400 && status != 404)) return;
  authenticator_.LetThrough(request.scopes, authorization, sign_in.trials);
  if (sign_in.rounds > 0 && !authenticator_.IsAnonymous(request.scopes) &&
      authenticator_.UsesWhole(request.scopes)) {
    takes_credentials = true;
  }
}

absl::StatusOr<HttpResponse> RegistryConnection::SendFollowingRedirects(
    TaskScope& task, const RegistryRequest& request,
    const std::string& authorization, GatePass& pass) {
  if (ReadsBlob(request.url)) {
    const std::lock_guard<std::mutex> lock(storage_mutex_);
    if (!storage_refused_.ok()) return WithRequestNotSent(storage_refused_);
  }
  Url url = request.url;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    absl::StatusOr<HttpResponse> response = SendOnce(
        // Guard: authorization-stays-here
        task, request, url, url.SameOrigin(base_) ? authorization : "", pass);
    if (response.ok() && response->status >= 400 && hop > 0 &&
        !url.SameOrigin(base_)) {
      return ForeignRefusal(request, url, *response, *gate_);
    }
    if (!response.ok() || !request.follow_redirects ||
        !IsRedirect(response->status)) {
      return response;
    }
    const auto location = response->headers.Get("Location");
    if (!location) return response;
    absl::StatusOr<Url> next = ResolveUrl(url, *location);
    if (!next.ok()) {
      return Annotate(next.status(), absl::StrCat(url.display(), " redirects"));
    }
    next = WithOwnScheme(url, Url(*next));
    if (const std::string address = NewAddress(base_, url, *next);
        !address.empty()) {
      return ApiIsElsewhere(url, response->status, address);
    }
    if (!IsReadOnly(request.method)) return response;
    if (const absl::Status status = CheckLedTo(url, *next); !status.ok()) {
      if (!ReadsBlob(request.url)) return status;
      const std::lock_guard<std::mutex> lock(storage_mutex_);
      if (storage_refused_.ok()) storage_refused_ = status;
      return storage_refused_;
    }
    url = *std::move(next);
  }
  return absl::FailedPreconditionError(
      absl::StrCat(request.url.display(), " redirects without end"));
}

absl::StatusOr<HttpResponse> RegistryConnection::SendOnce(
    TaskScope& task, const RegistryRequest& request, const Url& url,
    const std::string& authorization, GatePass& pass) {
  // The rate is the registry's, not that of storage it leads to.
  if (url.SameOrigin(base_)) {
    const absl::Status turn = pass.BeginRequest(&task.cancellation());
    if (!turn.ok()) return WithRequestNotSent(turn);
  }
  HttpRequest http;
  http.method = request.method;
  http.url = url.str();
  http.headers = request.headers;
  if (!authorization.empty()) http.headers.Add("Authorization", authorization);
  http.body = request.body;
  http.source = request.source;
  http.source_size = request.source_size;
  http.sink = request.sink;
  http.max_body = request.max_body;
  http.tls = options_.tls;
  if (url.host != base_.host) {
    http.tls.client_cert.clear();
    http.tls.client_key.clear();
  }
  http.deadlines.first_byte = request.method == HttpMethod::kDelete
                                  ? kDeleteDeadline
                                  : request.first_byte;
  if (request.source == nullptr && request.sink == nullptr) {
    http.deadlines.total =
        std::max(kLongestExchange, http.deadlines.first_byte * 2);
  }
  http.cancellation = &task.cancellation();
  const bool writes = !IsReadOnly(request.method);
  // Written on the transport's thread, read when the exchange has ended.
  absl::Status held_back;
  http.before_send = [&]() -> absl::Status {
    // Guard: retry-after-is-heeded
    if (gate_->ParkedFor() > absl::ZeroDuration()) {
      held_back = ParkedStatus();
    } else if (absl::Status may = writes ? task.MayWrite() : absl::OkStatus();
               !may.ok()) {
      held_back = WithRequestNotSent(absl::CancelledError(may.message()));
    } else if (request.before_send) {
      held_back = request.before_send();
      if (!held_back.ok()) held_back = WithRequestNotSent(held_back);
    }
    return held_back;
  };
  task.CountRequest();
  absl::StatusOr<HttpResponse> response = transport_->Execute(std::move(http));
  if (!held_back.ok()) return held_back;
  if (!response.ok()) {
    if (absl::IsCancelled(response.status())) return response.status();
    // If storage does not answer, that does not mean that the registry does not
    // answer.
    return url.SameOrigin(base_)
               ? ErrorOfExchange(request.method, url, response.status())
               : Annotate(response.status(), LedTo(request, url));
  }
  gate_->Answered();
  return response;
}

absl::Status RegistryClient::Refusal(const RegistryRequest& request,
                                     const HttpResponse& response) const {
  return WithRegistry(ErrorOfResponse(request.method, request.url, response),
                      connection->address().str());
}

}  // namespace registry_manager
