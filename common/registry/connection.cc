// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection.h"

#include <algorithm>
#include <utility>

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

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

bool IsTransient(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501);
}

// An address is well-formed, and so is the URL made of it.
Url BaseOf(const Address& address) { return *ParseUrl(ApiBase(address)); }

absl::Status ParkedStatus() {
  return absl::UnavailableError("the registry asked for patience");
}

// Refuses a redirect that gives away what the first URL protected, or leads a
// client elsewhere to its own machine.
absl::Status CheckRedirect(const Url& from, const Url& to) {
  if (from.scheme == "https" && to.scheme == "http") {
    return absl::FailedPreconditionError(
        absl::StrCat(from.display(), " redirects from https to ", to.display(),
                     ", which is refused"));
  }
  if (to.IsLocal() && !from.IsLocal()) {
    return absl::FailedPreconditionError(
        absl::StrCat(from.display(), " redirects to ", to.display(),
                     " on this machine, which is refused"));
  }
  return absl::OkStatus();
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
    return outcome.ok() ? AgainAfterAnswer(*outcome)
                        : AgainAfterError(outcome.status());
  }

 private:
  bool AgainAfterAnswer(const HttpResponse& response) {
    if (!IsTransient(response.status)) return false;
    const absl::Duration retry_after = ParseRetryAfter(
        response.headers.Get("Retry-After").value_or(""), absl::Now());
    const bool throttled =
        response.status == 429 ||
        (response.status == 503 && retry_after > absl::ZeroDuration());
    if (response.status == 429) {
      gate_.Throttled(ThrottleReason::kTooManyRequests, retry_after);
    } else if (response.status == 503) {
      gate_.Throttled(ThrottleReason::kUnavailable, retry_after);
    }
    if (!request_.repeatable) return false;
    return throttled ? WaitThrottled(retry_after) : Wait();
  }

  bool AgainAfterError(const absl::Status& status) {
    if (absl::IsDeadlineExceeded(status)) {
      gate_.Throttled(ThrottleReason::kTimeout, absl::ZeroDuration());
    }
    const bool lost = absl::IsUnavailable(status) ||
                      absl::IsDeadlineExceeded(status) ||
                      absl::IsDataLoss(status);
    if (!lost) return false;
    if (!RequestMayHaveArrived(status)) {
      // Nothing has been sent; a source or sink has not been touched.
      return IsParked() ? WaitThrottled(absl::ZeroDuration()) : Wait();
    }
    return request_.repeatable && Wait();
  }

  bool Wait() {
    if (tries_ >= retries_) return false;
    return task_.cancellation().SleepFor(BackOff(tries_++)).ok();
  }

  bool WaitThrottled(absl::Duration retry_after) {
    const bool told = retry_after > absl::ZeroDuration() || IsParked();
    if (throttles_ >= (told ? kMaxToldThrottles : kMaxThrottles)) return false;
    const absl::Duration wait =
        std::max(gate_.ParkedFor(),
                 told ? absl::ZeroDuration() : BackOff(2 + throttles_));
    ++throttles_;
    return task_.cancellation().SleepFor(wait).ok();
  }

  bool IsParked() const { return gate_.ParkedFor() > absl::ZeroDuration(); }

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
      authenticator_(base_, options_.credentials, options_.tls) {}

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
    const absl::Time before_wait = absl::Now();
    if (!attempts.Again(outcome)) {
      if (outcome.ok()) return outcome;
      return WithRegistry(outcome.status(), options_.address.str());
    }
    task.CountThrottled(absl::Now() - before_wait);
  }
}

absl::StatusOr<HttpResponse> RegistryConnection::SendAuthenticated(
    TaskScope& task, const RegistryRequest& request) {
  GatePass pass;
  if (!request.holds_pass) {
    const absl::Status turn = gate_->Acquire(1, &task.cancellation());
    if (!turn.ok()) return turn;
    pass = GatePass(gate_);
  }
  const auto fetch_token = [&](HttpRequest token_request) {
    token_request.cancellation = &task.cancellation();
    task.CountRequest();
    return transport_->Execute(std::move(token_request));
  };
  const bool own_origin = request.url.SameOrigin(base_);
  for (int challenge = 0;; ++challenge) {
    std::string authorization;
    if (own_origin) {
      absl::StatusOr<std::string> found =
          authenticator_.Authorization(request.scopes, fetch_token);
      if (!found.ok()) {
        return Annotate(found.status(), request.url.display());
      }
      authorization = *std::move(found);
    }
    absl::StatusOr<HttpResponse> response =
        SendFollowingRedirects(task, request, authorization);
    if (!response.ok() || response->status != 401) return response;
    // A source or sink that has been touched cannot be used again: the caller
    // begins anew, with what is learnt here.
    const absl::Status learnt =
        authenticator_.Learn(request.scopes, authorization, *response);
    const bool last = challenge + 1 >= kMaxChallenges || !own_origin;
    if (!learnt.ok() || last) {
      absl::Status refusal =
          ErrorOfResponse(request.method, request.url, *response);
      return learnt.ok() ? refusal : Annotate(learnt, refusal.message());
    }
    if (request.source != nullptr) return response;
  }
}

absl::StatusOr<HttpResponse> RegistryConnection::SendFollowingRedirects(
    TaskScope& task, const RegistryRequest& request,
    const std::string& authorization) {
  Url url = request.url;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    absl::StatusOr<HttpResponse> response = SendOnce(
        task, request, url, url.SameOrigin(base_) ? authorization : "");
    if (!response.ok() || !request.follow_redirects ||
        !IsReadOnly(request.method) || !IsRedirect(response->status)) {
      return response;
    }
    const auto location = response->headers.Get("Location");
    if (!location) return response;
    absl::StatusOr<Url> next = ResolveUrl(url, *location);
    if (!next.ok()) return next.status();
    if (const absl::Status status = CheckRedirect(url, *next); !status.ok()) {
      return status;
    }
    url = *std::move(next);
  }
  return absl::FailedPreconditionError(
      absl::StrCat(request.url.display(), " redirects without end"));
}

absl::StatusOr<HttpResponse> RegistryConnection::SendOnce(
    TaskScope& task, const RegistryRequest& request, const Url& url,
    const std::string& authorization) {
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
  if (request.method == HttpMethod::kDelete) {
    http.deadlines.first_byte = kDeleteDeadline;
  }
  http.cancellation = &task.cancellation();
  const bool writes = !IsReadOnly(request.method);
  http.before_send = [this, &task, writes]() -> absl::Status {
    if (gate_->ParkedFor() > absl::ZeroDuration()) return ParkedStatus();
    return writes ? task.MayWrite() : absl::OkStatus();
  };
  task.CountRequest();
  absl::StatusOr<HttpResponse> response = transport_->Execute(std::move(http));
  if (!response.ok()) {
    return absl::IsCancelled(response.status())
               ? response.status()
               : ErrorOfExchange(request.method, url, response.status());
  }
  gate_->Answered();
  if (response->status / 100 == 2) has_served = true;
  return response;
}

}  // namespace registry_manager
