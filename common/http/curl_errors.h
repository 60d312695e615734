// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_CURL_ERRORS_H_
#define REGISTRY_MANAGER_COMMON_HTTP_CURL_ERRORS_H_

#include <curl/curl.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/http/transport.h"

namespace registry_manager {

// The status of an exchange that libcurl ended with `code` (not CURLE_OK), by
// the table at RequestMayHaveArrived. `detail` is libcurl's own text, `peer` is
// the HOST:PORT, and `sent` says whether sending the request had begun.
absl::Status CurlFailure(CURL* easy, CURLcode code, absl::string_view detail,
                         absl::string_view peer, bool sent,
                         const HttpDeadlines& deadlines);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_CURL_ERRORS_H_
