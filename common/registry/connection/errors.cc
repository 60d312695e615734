// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/connection/errors.h"

#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/reference/printable.h"
#include "common/registry/connection/json.h"

namespace registry_manager {
namespace {

constexpr absl::string_view kCodePayload = "registry-manager/code";
constexpr absl::string_view kStatusPayload = "registry-manager/http-status";
constexpr absl::string_view kRegistryPayload = "registry-manager/registry";
constexpr absl::string_view kNoAnswerPayload = "registry-manager/no-answer";
constexpr absl::string_view kRefusedPayload =
    "registry-manager/credentials-refused";
constexpr absl::string_view kUnusablePayload = "registry-manager/unusable";

absl::StatusCode CodeOf(int status, absl::string_view registry_code) {
  if (registry_code == "UNSUPPORTED") return absl::StatusCode::kUnimplemented;
  switch (status) {
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 405:
    case 501:
      return absl::StatusCode::kUnimplemented;
    case 408:
      return absl::StatusCode::kUnavailable;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      return status >= 500 ? absl::StatusCode::kUnavailable
                           : absl::StatusCode::kInvalidArgument;
  }
}

absl::string_view Advice(int status) {
  switch (status) {
    case 401:
      return "check username and password of this registry in the config";
    case 403:
      return "give this user the right to do so in the registry";
    case 407:
      return "the proxy wants credentials: write them in its address, as in "
             "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT";
    case 429:
      return "lower requests-per-second or max-connections of this registry";
    case 301:
    case 302:
    case 307:
    case 308:
      return "write the address that it redirects to in the config";
    default:
      return status >= 500 ? "look into the registry's own log" : "";
  }
}

std::string Payload(const absl::Status& status, absl::string_view name) {
  const absl::optional<absl::Cord> payload = status.GetPayload(name);
  return payload ? std::string(*payload) : "";
}

absl::Status Rebuild(const absl::Status& status, absl::StatusCode code,
                     absl::string_view message) {
  absl::Status result(code, message);
  status.ForEachPayload([&](absl::string_view name, const absl::Cord& payload) {
    result.SetPayload(name, payload);
  });
  return result;
}

}  // namespace

RegistryError ParseRegistryError(absl::string_view body) {
  const absl::StatusOr<nlohmann::json> document = ParseJson(body);
  if (!document.ok() || !document->is_object()) return {};
  const auto errors = document->find("errors");
  if (errors == document->end() || !errors->is_array() || errors->empty()) {
    return {};
  }
  return {StringMember(errors->front(), "code"),
          StringMember(errors->front(), "message")};
}

absl::Status ErrorOfResponse(HttpMethod method, const Url& url,
                             const HttpResponse& response) {
  const RegistryError error = ParseRegistryError(response.body);
  std::string message = absl::StrCat(HttpMethodName(method), " ", url.display(),
                                     ": HTTP ", response.status);
  if (!error.code.empty()) {
    absl::StrAppend(&message, " ", Printable(error.code, 64));
  }
  if (!error.message.empty()) {
    absl::StrAppend(&message, " (", Printable(error.message), ")");
  }
  const absl::string_view advice = Advice(response.status);
  if (!advice.empty()) absl::StrAppend(&message, "; ", advice);
  absl::Status status(CodeOf(response.status, error.code), message);
  status.SetPayload(kCodePayload, absl::Cord(error.code));
  status.SetPayload(kStatusPayload, absl::Cord(absl::StrCat(response.status)));
  return status;
}

absl::Status ErrorOfExchange(HttpMethod method, const Url& url,
                             const absl::Status& status) {
  absl::Status result = Annotate(
      status, absl::StrCat(HttpMethodName(method), " ", url.display()));
  const bool connection_failed = absl::IsUnavailable(status) ||
                                 absl::IsDeadlineExceeded(status) ||
                                 absl::IsFailedPrecondition(status);
  if (connection_failed && !RequestMayHaveArrived(status)) {
    result.SetPayload(kNoAnswerPayload, absl::Cord("1"));
  }
  return result;
}

std::string RegistryCode(const absl::Status& status) {
  return Payload(status, kCodePayload);
}

int HttpStatusOf(const absl::Status& status) {
  int code = 0;
  return absl::SimpleAtoi(Payload(status, kStatusPayload), &code) ? code : 0;
}

bool IsNoAnswer(const absl::Status& status) {
  return !Payload(status, kNoAnswerPayload).empty();
}

bool RefusesCredentials(const absl::Status& status) {
  return !Payload(status, kRefusedPayload).empty();
}

absl::Status WithCredentialsRefused(absl::Status status) {
  status.SetPayload(kRefusedPayload, absl::Cord("1"));
  return status;
}

bool IsUnusable(const absl::Status& status) {
  return !Payload(status, kUnusablePayload).empty();
}

absl::Status WithUnusable(absl::Status status) {
  status.SetPayload(kUnusablePayload, absl::Cord("1"));
  return status;
}

bool EndsTask(const absl::Status& status) {
  return absl::IsCancelled(status) || IsNoAnswer(status) ||
         RefusesCredentials(status) || IsUnusable(status);
}

bool IsNotTold(const absl::Status& status) {
  return absl::IsPermissionDenied(status) ||
         (absl::IsUnauthenticated(status) && !RefusesCredentials(status));
}

std::string RegistryOf(const absl::Status& status) {
  return Payload(status, kRegistryPayload);
}

absl::Status WithRegistry(absl::Status status, absl::string_view registry) {
  status.SetPayload(kRegistryPayload, absl::Cord(registry));
  return status;
}

absl::Status Annotate(const absl::Status& status, absl::string_view what) {
  return WithMessage(status, absl::StrCat(what, ": ", status.message()));
}

absl::Status AnnotateWith(const absl::Status& status, absl::string_view what,
                          absl::string_view digest) {
  if (absl::StrContains(status.message(), digest)) return status;
  return Annotate(status, absl::StrCat(what, " ", digest));
}

absl::Status WithMessage(const absl::Status& status,
                         absl::string_view message) {
  return Rebuild(status, status.code(), message);
}

absl::Status WithCode(const absl::Status& status, absl::StatusCode code) {
  return Rebuild(status, code, status.message());
}

}  // namespace registry_manager
