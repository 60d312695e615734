// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/curl_exchange.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/http/curl_errors.h"
#include "common/http/proxy.h"

namespace registry_manager {
namespace {

constexpr int kExpectationFailed = 417;

ExchangeClock::TimePoint Now() { return std::chrono::steady_clock::now(); }

int PauseBit(Direction direction) {
  return direction == Direction::kUpload ? CURLPAUSE_SEND : CURLPAUSE_RECV;
}

}  // namespace

CurlExchange::CurlExchange(uint64_t id, HttpRequest request,
                           std::shared_ptr<CurlInbox> inbox)
    : id_(id),
      inbox_(std::move(inbox)),
      request_(std::move(request)),
      clock_(request_.deadlines, Now()),
      collector_(request_.sink, request_.max_body) {}

absl::Status CurlExchange::Begin(const std::string& user_agent) {
  TakeHoldOfEnds();
  ASSIGN_OR_RETURN(peer_, PeerOf(request_.url));
  if (const std::string proxy = ProxyOf(request_.url); !proxy.empty()) {
    absl::StrAppend(&peer_, " through the proxy ", ProxyDisplay(proxy));
  }
  easy_.reset(curl_easy_init());
  if (easy_ == nullptr) return absl::ResourceExhaustedError("out of memory");
  ASSIGN_OR_RETURN(headers_, ConfigureRequest(easy(), request_, user_agent));
  return SetCallbacks();
}

absl::Status CurlExchange::SetCallbacks() {
  CURLcode code = CURLE_OK;
  const auto set = [&](CURLoption option, auto value) {
    if (code == CURLE_OK) code = curl_easy_setopt(easy(), option, value);
  };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_PREREQFUNCTION, &PreRequest);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Write);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_XFERINFOFUNCTION, &Progress);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  if (request_.source != nullptr) {
    set(CURLOPT_READFUNCTION, &Read);
    set(CURLOPT_READDATA, this);
  }
  if (code == CURLE_OK) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("libcurl refuses a callback: ", curl_easy_strerror(code)));
}

void CurlExchange::TakeHoldOfEnds() {
  if (request_.source != nullptr) {
    request_.source->SetResume(ResumeFunction(Direction::kUpload));
  }
  if (request_.sink != nullptr) {
    request_.sink->SetResume(ResumeFunction(Direction::kDownload));
  }
}

std::function<void()> CurlExchange::ResumeFunction(Direction direction) const {
  return [inbox = inbox_, id = id_, direction] {
    inbox->PostResume(id, direction);
  };
}

int CurlExchange::PreRequest(void* self, char*, char*, int, int) {
  auto* const exchange = static_cast<CurlExchange*>(self);
  if (absl::Status status = exchange->MaySend(); !status.ok()) {
    exchange->Fail(std::move(status));
    return CURL_PREREQFUNC_ABORT;
  }
  ++exchange->attempts_;
  exchange->collector_.Restart();
  exchange->paused_ = CURLPAUSE_CONT;
  exchange->clock_.RequestBegins(Now());
  return CURL_PREREQFUNC_OK;
}

absl::Status CurlExchange::MaySend() {
  // libcurl sends a request again, of its own accord, when a reused connection
  // dies before the answer (Curl_retry_request), whatever the method; and when
  // the answer was 417, in which case the server has declined the first.
  if (attempts_ > 0 && !IsReadOnly(request_.method) &&
      collector_.status() != kExpectationFailed) {
    return absl::UnavailableError(absl::StrCat(
        "exchange with ", peer_,
        ": the connection was lost after the request may have been sent"));
  }
  if (request_.cancellation != nullptr) {
    RETURN_IF_ERROR(request_.cancellation->status());
  }
  return request_.before_send ? request_.before_send() : absl::OkStatus();
}

size_t CurlExchange::Read(char* buffer, size_t size, size_t count, void* self) {
  return static_cast<CurlExchange*>(self)->ReadBody(buffer, size * count);
}

size_t CurlExchange::ReadBody(char* buffer, size_t size) {
  const uint64_t missing = request_.source_size - source_bytes_;
  size = static_cast<size_t>(std::min<uint64_t>(size, missing));
  if (size == 0) return 0;
  if (Declined()) {
    // The end, as far as libcurl goes; the server is still owed bytes.
    curl_easy_setopt(easy(), CURLOPT_FORBID_REUSE, 1L);
    return 0;
  }
  const absl::StatusOr<size_t> read = request_.source->Read(buffer, size);
  if (absl::IsUnavailable(read.status())) {
    paused_ |= CURLPAUSE_SEND;
    clock_.Pause(Direction::kUpload);
    return CURL_READFUNC_PAUSE;
  }
  if (!read.ok()) {
    Fail(read.status());
    return CURL_READFUNC_ABORT;
  }
  if (*read == 0 || *read > size) {
    Fail(absl::DataLossError(absl::StrCat(
        "exchange with ", peer_, ": the request's body ended ", missing,
        " bytes before its announced size of ", request_.source_size)));
    return CURL_READFUNC_ABORT;
  }
  source_bytes_ += *read;
  clock_.Active(Now());
  return *read;
}

size_t CurlExchange::Write(char* bytes, size_t size, size_t count, void* self) {
  return static_cast<CurlExchange*>(self)->WriteBody(
      absl::string_view(bytes, size * count));
}

size_t CurlExchange::WriteBody(absl::string_view bytes) {
  clock_.Active(Now());
  absl::Status status = collector_.OnBody(bytes);
  if (absl::IsUnavailable(status)) {
    paused_ |= CURLPAUSE_RECV;
    clock_.Pause(Direction::kDownload);
    return CURL_WRITEFUNC_PAUSE;
  }
  if (!status.ok()) {
    Fail(std::move(status));
    return CURL_WRITEFUNC_ERROR;
  }
  return collector_.has_enough() ? CURL_WRITEFUNC_ERROR : bytes.size();
}

size_t CurlExchange::Header(char* line, size_t size, size_t count, void* self) {
  return static_cast<CurlExchange*>(self)->TakeHeader(
      absl::string_view(line, size * count));
}

size_t CurlExchange::TakeHeader(absl::string_view line) {
  absl::Status status = collector_.OnHeaderLine(easy(), line);
  if (!status.ok()) {
    Fail(std::move(status));
    return CURL_WRITEFUNC_ERROR;
  }
  if (collector_.status() >= 200) {
    clock_.ResponseBegins(Now());
  } else {
    clock_.Active(Now());
  }
  // libcurl does not end a transfer whose upload is paused, even where it has
  // given up the upload itself.
  if (Declined() && (paused_ & CURLPAUSE_SEND) != 0) {
    inbox_->PostResume(id_, Direction::kUpload);
  }
  return line.size();
}

bool CurlExchange::Declined() const {
  return collector_.headers_complete() && collector_.status() >= 300;
}

int CurlExchange::Progress(void* self, curl_off_t, curl_off_t, curl_off_t,
                           curl_off_t uploaded) {
  auto* const exchange = static_cast<CurlExchange*>(self);
  if (std::exchange(exchange->uploaded_, uploaded) != uploaded) {
    exchange->clock_.Active(Now());
  }
  return 0;
}

absl::Status CurlExchange::Resume(Direction direction) {
  const int bit = PauseBit(direction);
  if ((paused_ & bit) == 0) return absl::OkStatus();
  paused_ &= ~bit;
  clock_.Resume(direction, Now());
  // Hands out what was held back, through Write, which may pause again.
  const CURLcode code = curl_easy_pause(easy(), paused_);
  // Without a connection (it is being made again) nothing is paused.
  if (code == CURLE_OK || code == CURLE_BAD_FUNCTION_ARGUMENT) {
    return absl::OkStatus();
  }
  return OutcomeOf(code).status();
}

absl::Status CurlExchange::Overdue(ExchangeClock::TimePoint now) const {
  const absl::Status status = clock_.Check(now);
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat("exchange with ", peer_, ": ",
                                                  status.message()));
}

void CurlExchange::Fail(absl::Status status) {
  if (failure_.ok()) failure_ = std::move(status);
}

void CurlExchange::EndBy(CURLcode code) { Finish(OutcomeOf(code)); }

void CurlExchange::EndBy(absl::Status reason) { Finish(std::move(reason)); }

absl::StatusOr<HttpResponse> CurlExchange::OutcomeOf(CURLcode code) {
  // Moved, so that the waiting thread is the only one to hold it.
  if (!failure_.ok()) return std::move(failure_);
  // A server that declines an upload may close before it has taken all of it,
  // which can cut its own answer short.
  const bool uploads = request_.source != nullptr || !request_.body.empty();
  const bool declined = uploads && Declined() &&
                        (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR);
  if (code == CURLE_OK || declined || collector_.has_enough()) {
    return std::move(collector_.response());
  }
  return CurlFailure(easy(), code, error_text_.data(), peer_, attempts_ > 0,
                     request_.deadlines);
}

void CurlExchange::Finish(absl::StatusOr<HttpResponse> outcome) {
  easy_.reset();
  headers_.reset();
  if (request_.source != nullptr) request_.source->SetResume({});
  if (request_.sink != nullptr) request_.sink->SetResume({});
  request_ = HttpRequest();
  if (!outcome.ok() && attempts_ == 0) {
    outcome = WithRequestNotSent(outcome.status());
  }
  std::lock_guard<std::mutex> lock(mutex_);
  outcome_ = std::move(outcome);
  ended_.notify_all();
}

absl::StatusOr<HttpResponse> CurlExchange::WaitForEnd() {
  std::unique_lock<std::mutex> lock(mutex_);
  ended_.wait(lock, [this] { return outcome_.has_value(); });
  return *std::move(outcome_);
}

}  // namespace registry_manager
