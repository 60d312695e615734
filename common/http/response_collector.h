// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_RESPONSE_COLLECTOR_H_
#define REGISTRY_MANAGER_COMMON_HTTP_RESPONSE_COLLECTOR_H_

#include <curl/curl.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/http/transport.h"

namespace registry_manager {

// Takes one response as libcurl's callbacks bring it, keeps everything within
// bounds, and hands a 2xx body to the sink if there is one. I/O thread only.
class ResponseCollector {
 public:
  // `sink` may be null; not owned.
  ResponseCollector(BodySink* sink, size_t max_body)
      : sink_(sink), max_body_(max_body) {}

  // The request is about to be sent (again): no response has begun.
  void Restart();

  // One line of a header block, interim responses included; the fields are
  // read from `easy` at the end of the final response's block.
  absl::Status OnHeaderLine(CURL* easy, absl::string_view line);
  // Unavailable: the sink has no room, and the same bytes must come again.
  absl::Status OnBody(absl::string_view bytes);

  // The status of the response that is coming in, which may be an interim one;
  // 0 before the first response.
  int status() const { return response_.status; }
  bool headers_complete() const { return headers_complete_; }
  // True if an unsuccessful response has brought more than anybody will read:
  // the exchange can end here as if it were complete.
  bool has_enough() const { return has_enough_; }

  HttpResponse& response() { return response_; }

 private:
  bool successful() const { return response_.status / 100 == 2; }
  absl::Status FinishHeaders(CURL* easy);
  absl::Status CollectSuccess(absl::string_view bytes);
  void CollectFailure(absl::string_view bytes);

  BodySink* const sink_;
  const size_t max_body_;
  HttpResponse response_;
  bool headers_complete_ = false;
  bool has_enough_ = false;
  // The header bytes and lines of the whole exchange, because interim responses
  // without end are not an answer either.
  size_t header_bytes_ = 0;
  size_t header_lines_ = 0;
  size_t failure_bytes_ = 0;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_RESPONSE_COLLECTOR_H_
