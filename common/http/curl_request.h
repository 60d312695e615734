// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_CURL_REQUEST_H_
#define REGISTRY_MANAGER_COMMON_HTTP_CURL_REQUEST_H_

#include <curl/curl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/http/transport.h"

namespace registry_manager {

struct CurlListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, CurlListDeleter>;

// HOST:PORT of an absolute URL of http or https without user information;
// InvalidArgument for any other.
absl::StatusOr<std::string> PeerOf(const std::string& url);

// The proxy for an absolute URL by the environment, as libcurl takes it; "" for
// none.
std::string ProxyOf(const std::string& url);

// Sets everything on `easy` that an HttpRequest says, but no callbacks. Returns
// the header list, which must live as long as the transfer, as must `request`
// (its body is not copied). InvalidArgument for headers that cannot be sent.
absl::StatusOr<CurlList> ConfigureRequest(CURL* easy,
                                          const HttpRequest& request,
                                          const std::string& user_agent);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_CURL_REQUEST_H_
