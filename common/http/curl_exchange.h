// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_CURL_EXCHANGE_H_
#define REGISTRY_MANAGER_COMMON_HTTP_CURL_EXCHANGE_H_

#include <curl/curl.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/curl_inbox.h"
#include "common/http/curl_request.h"
#include "common/http/exchange_clock.h"
#include "common/http/response_collector.h"
#include "common/http/transport.h"

namespace registry_manager {

// One easy handle's life: Begin, libcurl's callbacks while it is in the multi
// handle, EndBy. Only WaitForEnd is for other threads; everything else is for
// the I/O thread.
class CurlExchange {
 public:
  // `inbox` is where the exchange's resume functions post to.
  CurlExchange(uint64_t id, HttpRequest request,
               std::shared_ptr<CurlInbox> inbox);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  uint64_t id() const { return id_; }

  // Makes the handle and takes hold of source and sink. After an error the
  // exchange must still be ended.
  absl::Status Begin(const std::string& user_agent);
  // Null before Begin.
  CURL* easy() { return easy_.get(); }

  // The owner of source or sink is ready again. An error ends the exchange.
  absl::Status Resume(Direction direction);

  // Deadline() is the time to call Overdue() again, which returns an error if
  // the exchange is overdue.
  ExchangeClock::TimePoint Deadline() const { return clock_.Deadline(); }
  absl::Status Overdue(ExchangeClock::TimePoint now) const;

  // Called when libcurl has finished the exchange, or when `reason` (not OK)
  // ends it. The handle has been taken out of the multi handle. Lets go of
  // source and sink and wakes WaitForEnd.
  void EndBy(CURLcode code);
  void EndBy(absl::Status reason);

  // Blocks; call once.
  absl::StatusOr<HttpResponse> WaitForEnd();

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };

  static int PreRequest(void* self, char*, char*, int, int);
  static size_t Read(char* buffer, size_t size, size_t count, void* self);
  static size_t Write(char* bytes, size_t size, size_t count, void* self);
  static size_t Header(char* line, size_t size, size_t count, void* self);
  static int Progress(void* self, curl_off_t, curl_off_t, curl_off_t,
                      curl_off_t uploaded);

  absl::Status SetCallbacks();
  void TakeHoldOfEnds();
  std::function<void()> ResumeFunction(Direction direction) const;
  // True if the server has declined the request, so that the rest of the
  // request's body is of no use.
  bool Declined() const;
  absl::Status MaySend();
  size_t ReadBody(char* buffer, size_t size);
  size_t WriteBody(absl::string_view bytes);
  size_t TakeHeader(absl::string_view line);
  // The exchange ends with the first failure of our own, whatever libcurl makes
  // of the callback's return value.
  void Fail(absl::Status status);
  absl::StatusOr<HttpResponse> OutcomeOf(CURLcode code);
  void Finish(absl::StatusOr<HttpResponse> outcome);

  const uint64_t id_;
  const std::shared_ptr<CurlInbox> inbox_;
  HttpRequest request_;
  std::string peer_;

  CurlList headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::unique_ptr<CURL, EasyDeleter> easy_;
  ExchangeClock clock_;
  ResponseCollector collector_;
  absl::Status failure_;
  // The number of times that sending the request has begun.
  int attempts_ = 0;
  uint64_t source_bytes_ = 0;
  curl_off_t uploaded_ = 0;
  // CURLPAUSE_RECV and CURLPAUSE_SEND, as curl_easy_pause takes them.
  int paused_ = CURLPAUSE_CONT;

  std::mutex mutex_;
  std::condition_variable ended_;
  std::optional<absl::StatusOr<HttpResponse>> outcome_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_CURL_EXCHANGE_H_
