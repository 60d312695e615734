// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_CURL_INBOX_H_
#define REGISTRY_MANAGER_COMMON_HTTP_CURL_INBOX_H_

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/http/exchange_clock.h"

namespace registry_manager {

class CurlExchange;

// The requests of other threads, and of callbacks of other exchanges, to the
// I/O thread: libcurl's handles are touched on that thread only, and never
// inside a callback. Thread-safe. Outlives the transport if somebody still
// holds a resume function; anything that is posted then is dropped.
class CurlInbox {
 public:
  struct Resume {
    uint64_t exchange;
    Direction direction;
  };
  struct Abort {
    uint64_t exchange;
    absl::Status status;
  };
  struct Work {
    std::vector<std::shared_ptr<CurlExchange>> starts;
    std::vector<Resume> resumes;
    std::vector<Abort> aborts;
    bool stop = false;
  };

  // `multi` is woken when there is work.
  explicit CurlInbox(CURLM* multi) : multi_(multi) {}

  void PostStart(std::shared_ptr<CurlExchange> exchange);
  void PostResume(uint64_t exchange, Direction direction);
  void PostAbort(uint64_t exchange, absl::Status status);
  void PostStop();

  // For the I/O thread: takes everything that was posted.
  Work Take();
  // Whether the I/O thread may sleep: nothing is waiting, and anything that is
  // posted from now on wakes it.
  bool Empty();
  // Must be called before the multi handle is destroyed.
  void Close();

 private:
  template <typename Add>
  void Post(Add add);

  std::mutex mutex_;
  CURLM* multi_;
  Work work_;
  bool waiting_ = false;
  // The thread that calls Take(). It need not be woken for its own posts.
  std::thread::id taker_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_CURL_INBOX_H_
