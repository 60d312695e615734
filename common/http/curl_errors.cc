// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/curl_errors.h"

#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

absl::StatusCode StatusCodeOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::StatusCode::kDeadlineExceeded;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return absl::StatusCode::kFailedPrecondition;
    case CURLE_PARTIAL_FILE:
      return absl::StatusCode::kDataLoss;
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:
      return absl::StatusCode::kInvalidArgument;
    case CURLE_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

absl::string_view Advice(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return "; if its authority is a private one, name that as ca-file";
    case CURLE_SSL_CACERT_BADFILE:
      return "; is ca-file a readable file of PEM certificates?";
    case CURLE_SSL_CONNECT_ERROR:
      return "; where the registry speaks plain http, write http:// before its "
             "address";
    case CURLE_SSL_CERTPROBLEM:
      return "; are client-cert and client-key readable PEM files that belong "
             "together?";
    default:
      return "";
  }
}

std::string Reason(CURL* easy, CURLcode code, absl::string_view detail,
                   const HttpDeadlines& deadlines) {
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return absl::StrCat("no connection within ",
                        absl::FormatDuration(deadlines.connect));
  }
  // libcurl's text for this one leaves out why.
  long os_error = 0;  // NOLINT(google-runtime-int): libcurl's type
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  if (code == CURLE_COULDNT_CONNECT && os_error != 0) {
    return std::generic_category().message(static_cast<int>(os_error));
  }
  return detail.empty() ? std::string(curl_easy_strerror(code))
                        : Printable(detail);
}

}  // namespace

absl::Status CurlFailure(CURL* easy, CURLcode code, absl::string_view detail,
                         absl::string_view peer, bool sent,
                         const HttpDeadlines& deadlines) {
  return absl::Status(
      StatusCodeOf(code),
      absl::StrCat(sent ? "exchange with " : "connect to ", peer, ": ",
                   Reason(easy, code, detail, deadlines), Advice(code)));
}

}  // namespace registry_manager
