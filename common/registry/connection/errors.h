// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_ERRORS_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/http/transport.h"
#include "common/http/url.h"

namespace registry_manager {

// A registry's answers as absl::Status. The code says what a caller may do:
//   Unauthenticated    401: the credentials are refused, or wanted
//   PermissionDenied   403: these rights are missing
//   NotFound           404
//   Unimplemented      405, 501, or the code UNSUPPORTED: it does not do this
//   ResourceExhausted  429, after patience
//   Unavailable        5xx, or no answer at all, after patience
//   InvalidArgument    another 4xx
//   DataLoss           content that does not match its digest or length, or
//                      that cannot be read
// and what HttpTransport gives. The message names method, URL (without
// credentials and query), status, the registry's code and message, and what to
// try.

// The first error of the body of an unsuccessful answer: {"errors":[{"code",
// "message"}]} (OCI distribution spec, "Error Codes"). Empty where it has none.
struct RegistryError {
  std::string code;
  std::string message;
};
RegistryError ParseRegistryError(absl::string_view body);

// The status of an unsuccessful answer (or of one that was not expected here).
absl::Status ErrorOfResponse(HttpMethod method, const Url& url,
                             const HttpResponse& response);

// `status`, which came from the transport, with method and URL.
absl::Status ErrorOfExchange(HttpMethod method, const Url& url,
                             const absl::Status& status);

// The registry's own code ("MANIFEST_UNKNOWN"); "" where it gave none.
std::string RegistryCode(const absl::Status& status);
// The HTTP status; 0 where there was no answer.
int HttpStatusOf(const absl::Status& status);
// True where there was no connection to the server: nothing has been asked.
bool IsNoAnswer(const absl::Status& status);

// True where whoever sends it is refused everywhere in the registry, not this
// request alone: an Unauthenticated error of a RegistryConnection.
bool RefusesCredentials(const absl::Status& status);
absl::Status WithCredentialsRefused(absl::Status status);
// True where nothing can be asked of the registry until its entry in the config
// or its own configuration is changed: the message says how.
bool IsUnusable(const absl::Status& status);
absl::Status WithUnusable(absl::Status status);
// True if the status ends a task as a whole, not one of its actions: the
// registry cannot be reached, refuses the credentials or cannot be used as it
// is configured, or the task was stopped.
bool EndsTask(const absl::Status& status);
// True where the registry does not tell this user whether there is such a
// thing: 403, or 401 to credentials that it takes elsewhere. Some answer so to
// reads of a repository that the first push is to make.
bool IsNotTold(const absl::Status& status);

// The registry (its address) that a RegistryConnection's error came from; ""
// where it came from elsewhere.
std::string RegistryOf(const absl::Status& status);
absl::Status WithRegistry(absl::Status status, absl::string_view registry);

// `status` with "WHAT: " before its message; code and payloads stay.
absl::Status Annotate(const absl::Status& status, absl::string_view what);
// With "WHAT DIGEST: " where the message does not name the digest already.
absl::Status AnnotateWith(const absl::Status& status, absl::string_view what,
                          absl::string_view digest);
// `status` with another message, or with another code.
absl::Status WithMessage(const absl::Status& status, absl::string_view message);
absl::Status WithCode(const absl::Status& status, absl::StatusCode code);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_CONNECTION_ERRORS_H_
