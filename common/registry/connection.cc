// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/registry/docker_hub.h"
#include "common/registry/errors.h"
#include "common/registry/retry.h"

namespace registry_manager {
namespace {

constexpr int kMaxRedirects = 10;
// A request meets a challenge, then perhaps a token that has just lapsed, or
// one that lacks a right.
constexpr int kMaxChallenges = 3;
// How often a request waits because the registry is overloaded, and because it
// said until when.
constexpr int kMaxThrottles = 6;
constexpr int kMaxToldThrottles = 20;
// Registries look through every tag of a repository on object storage.
constexpr absl::Duration kDeleteDeadline = absl::Minutes(10);
// No exchange but a stream is endless: a server may send a byte now and then.
constexpr absl::Duration kLongestExchange = absl::Minutes(15);
constexpr absl::string_view kThrottledPayload = "registry-manager/throttled";

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

bool IsTransient(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501);
}

// An address that makes no URL ("[1:::2]") fails when it is connected to.
Url BaseOf(const Address& address) {
  absl::StatusOr<Url> base = ParseUrl(ApiBase(address));
  if (base.ok()) return *std::move(base);
  return {address.scheme(), address.host(), address.host(), address.prefix(),
          ""};
}

// How the transport reports that a request was held back at the last moment.
absl::Status ParkedStatus() {
  return WithRequestNotSent(absl::ResourceExhaustedError(
      "the registry asked for patience, more often than is waited for"));
}

// Refuses to be led where what the first URL protected is given away, or to
// this machine from another.
absl::Status CheckLedTo(const Url& from, const Url& to) {
  if (from.scheme == "https" && to.scheme == "http") {
    return absl::FailedPreconditionError(
        absl::StrCat(from.display(), " leads from https to ", to.display(),
                     ", which is refused"));
  }
  if (to.IsLocal() && !from.IsLocal()) {
    return absl::FailedPreconditionError(
        absl::StrCat(from.display(), " leads to ", to.display(),
                     " on this machine, which is refused"));
  }
  return absl::OkStatus();
}

// Tells the gate where the registry asks to be spared, and returns for how
// long.
absl::Duration TellGate(const HttpResponse& response, RequestGate& gate) {
  const absl::Duration retry_after = ParseRetryAfter(
      response.headers.Get("Retry-After").value_or(""), absl::Now());
  if (response.status == 429) {
    gate.Throttled(ThrottleReason::kTooManyRequests, retry_after);
  } else if (response.status == 503) {
    gate.Throttled(ThrottleReason::kUnavailable, retry_after);
  }
  return retry_after;
}

bool IsThrottling(int status, absl::Duration retry_after) {
  return status == 429 || (status == 503 && retry_after > absl::ZeroDuration());
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

// What storage that a registry leads to refuses says nothing of the registry:
// its 404 is no missing manifest, its 401 asks for no credentials of ours. But
// where it asks to be spared, its registry is.
absl::Status ForeignRefusal(const RegistryRequest& request, const Url& url,
                            const HttpResponse& response, RequestGate& gate) {
  absl::Status status = absl::UnavailableError(absl::StrCat(
      LedTo(request, url), ", which answered HTTP ", response.status));
  if (IsThrottling(response.status, TellGate(response, gate))) {
    status.SetPayload(kThrottledPayload, absl::Cord("1"));
  }
  return status;
}

}  // namespace

// Decides whether a request that came to nothing is sent again, and waits.
class RegistryConnection::Attempts {
 public:
  Attempts(const RegistryRequest& request, int retries, RequestGate& gate,
           TaskScope& task)
      : request_(request), retries_(retries), gate_(gate), task_(task) {}

  // True: waited, send again. False: this is the outcome.
  bool Again(const absl::StatusOr<HttpResponse>& outcome) {
    if (outcome.ok()) {
      gate_.Answered();
      return AgainAfterAnswer(*outcome);
    }
    return AgainAfterError(outcome.status());
  }

 private:
  bool AgainAfterAnswer(const HttpResponse& response) {
    if (!IsTransient(response.status)) return false;
    const absl::Duration retry_after = TellGate(response, gate_);
    if (!request_.repeatable) return false;
    return IsThrottling(response.status, retry_after)
               ? WaitThrottled(retry_after)
               : Wait();
  }

  bool AgainAfterError(const absl::Status& status) {
    if (!task_.cancellation().status().ok()) return false;
    if (absl::IsDeadlineExceeded(status)) {
      gate_.Throttled(ThrottleReason::kTimeout, absl::ZeroDuration());
    }
    if (absl::IsDeadlineExceeded(status) || IsNoAnswer(status)) {
      gate_.NoAnswer();
    }
    // A source breaks with its exchange, even before a byte was sent.
    if (request_.source != nullptr) return false;
    if (status.GetPayload(kThrottledPayload).has_value()) {
      return request_.repeatable && WaitThrottled(absl::ZeroDuration());
    }
    const bool not_sent = !RequestMayHaveArrived(status);
    const bool timed_out = absl::IsDeadlineExceeded(status) && !not_sent;
    if (timed_out && request_.outlives_timeout) return false;
    if (absl::IsResourceExhausted(status)) {
      return not_sent && WaitThrottled(absl::ZeroDuration());
    }
    const bool lost = absl::IsUnavailable(status) ||
                      absl::IsDeadlineExceeded(status) ||
                      absl::IsDataLoss(status);
    // Who takes a body in parts counts the tries of all of them.
    const bool may_repeat = not_sent && request_.sink == nullptr;
    return lost && (may_repeat || request_.repeatable) && Wait();
  }

  bool Wait() {
    if (tries_ >= retries_) return false;
    return task_.cancellation().SleepFor(BackOff(tries_++)).ok();
  }

  bool WaitThrottled(absl::Duration retry_after) {
    const absl::Duration told = std::max(gate_.ParkedFor(), retry_after);
    const bool was_told = told > absl::ZeroDuration();
    if (throttles_ >= (was_told ? kMaxToldThrottles : kMaxThrottles)) {
      return false;
    }
    // A little after it, each at its own time.
    const absl::Duration wait =
        was_told ? told + BackOff(0) : BackOff(2 + throttles_);
    ++throttles_;
    const absl::Time begun = absl::Now();
    const bool slept = task_.cancellation().SleepFor(wait).ok();
    task_.CountThrottled(absl::Now() - begun);
    return slept;
  }

  const RegistryRequest& request_;
  const int retries_;
  RequestGate& gate_;
  TaskScope& task_;
  int tries_ = 0;
  int throttles_ = 0;
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
  Attempts attempts(request, options_.retries, *gate_, task);
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
  RegistryRequest base;
  base.url = Endpoint("");
  base.pass = request.pass;
  if (request.url.str() == base.url.str()) {
    return WithCredentialsRefused(refusal);
  }
  if (!takes_credentials) {
    const absl::StatusOr<HttpResponse> answer = SendAuthenticated(task, base);
    takes_credentials = answer.ok() && answer->status / 100 == 2;
    if (absl::IsUnauthenticated(answer.status())) {
      return WithCredentialsRefused(refusal);
    }
  }
  if (!takes_credentials) return refusal;
  return WithMessage(refusal,
                     absl::StrCat(refusal.message(), " (", base.url.display(),
                                  " takes them: rights are missing for this)"));
}

absl::StatusOr<HttpResponse> RegistryConnection::SendAuthenticated(
    TaskScope& task, const RegistryRequest& request) {
  GatePass own_pass;
  if (request.pass == nullptr) {
    const absl::Status turn = gate_->Acquire(1, &task.cancellation());
    if (!turn.ok()) return turn;
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
  for (int challenge = 0;; ++challenge) {
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
    if (!response.ok() || response->status != 401) return response;
    has_asked = true;
    absl::Status refusal =
        ErrorOfResponse(request.method, request.url, *response);
    if (!own_origin) return refusal;
    const absl::Status learnt =
        authenticator_.Learn(request.scopes, authorization, *response);
    if (!learnt.ok()) {
      return WithMessage(refusal,
                         absl::StrCat(HttpMethodName(request.method), " ",
                                      request.url.display(), ": HTTP 401; ",
                                      learnt.message()));
    }
    if (challenge + 1 >= kMaxChallenges) return refusal;
    // A source has been touched and cannot be used again: the caller begins
    // anew, with what is learnt here.
    if (request.source != nullptr) return response;
  }
}

absl::StatusOr<HttpResponse> RegistryConnection::SendFollowingRedirects(
    TaskScope& task, const RegistryRequest& request,
    const std::string& authorization, GatePass& pass) {
  Url url = request.url;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    absl::StatusOr<HttpResponse> response = SendOnce(
        task, request, url, url.SameOrigin(base_) ? authorization : "", pass);
    if (response.ok() && response->status >= 400 && hop > 0 &&
        !url.SameOrigin(base_)) {
      return ForeignRefusal(request, url, *response, *gate_);
    }
    if (!response.ok() || !request.follow_redirects ||
        !IsReadOnly(request.method) || !IsRedirect(response->status)) {
      return response;
    }
    const auto location = response->headers.Get("Location");
    if (!location) return response;
    absl::StatusOr<Url> next = ResolveUrl(url, *location);
    if (!next.ok()) {
      return Annotate(next.status(), absl::StrCat(url.display(), " redirects"));
    }
    if (const absl::Status status = CheckLedTo(url, *next); !status.ok()) {
      return status;
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
    // Storage that gives no answer is no registry that gives none.
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
