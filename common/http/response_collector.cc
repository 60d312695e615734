// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/response_collector.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

constexpr size_t kMaxHeaderBytes = 256 << 10;
constexpr size_t kMaxHeaderFields = 1000;
constexpr size_t kMaxFailureBody = 64 << 10;
// Read and thrown away for the sake of the connection; beyond this a new
// connection is cheaper.
constexpr size_t kMaxFailureDiscarded = 1 << 20;

}  // namespace

void ResponseCollector::Restart() {
  response_ = HttpResponse();
  headers_complete_ = false;
}

absl::Status ResponseCollector::OnHeaderLine(CURL* easy,
                                             absl::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes || ++header_lines_ > kMaxHeaderFields) {
    return absl::OutOfRangeError(
        absl::StrCat("the answer's headers are longer than ", kMaxHeaderBytes,
                     " bytes or ", kMaxHeaderFields, " fields"));
  }
  // A field's name cannot hold a slash: this begins a header block.
  if (absl::StartsWith(line, "HTTP/")) {
    headers_complete_ = false;
    long status = 0;  // NOLINT(google-runtime-int): libcurl's type
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    return absl::OkStatus();
  }
  const bool end_of_block = line == "\r\n" || line == "\n";
  if (!end_of_block || headers_complete_ || response_.status < 200) {
    return absl::OkStatus();
  }
  return FinishHeaders(easy);
}

absl::Status ResponseCollector::FinishHeaders(CURL* easy) {
  headers_complete_ = true;
  response_.headers = HttpHeaders();
  curl_header* field = nullptr;
  while ((field = curl_easy_nextheader(easy, CURLH_HEADER, -1, field)) !=
         nullptr) {
    // libcurl 7.88 leaves the line's end in a value that is empty.
    response_.headers.Add(field->name,
                          absl::StripTrailingAsciiWhitespace(field->value));
  }
  if (!successful() || sink_ == nullptr) return absl::OkStatus();
  return sink_->Begin(response_.status, response_.headers);
}

absl::Status ResponseCollector::OnBody(absl::string_view bytes) {
  if (successful()) return CollectSuccess(bytes);
  CollectFailure(bytes);
  return absl::OkStatus();
}

absl::Status ResponseCollector::CollectSuccess(absl::string_view bytes) {
  if (sink_ != nullptr) return sink_->Write(bytes);
  if (bytes.size() > max_body_ - response_.body.size()) {
    return absl::OutOfRangeError(absl::StrCat(
        "the answer's body is longer than the ", max_body_, " bytes allowed"));
  }
  response_.body.append(bytes.data(), bytes.size());
  return absl::OkStatus();
}

void ResponseCollector::CollectFailure(absl::string_view bytes) {
  const size_t kept =
      std::min(bytes.size(), kMaxFailureBody - response_.body.size());
  response_.body.append(bytes.data(), kept);
  failure_bytes_ += bytes.size();
  has_enough_ = failure_bytes_ > kMaxFailureBody + kMaxFailureDiscarded;
}

}  // namespace registry_manager
