// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/curl_inbox.h"

#include <utility>

namespace registry_manager {

template <typename Add>
void CurlInbox::Post(Add add) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (multi_ == nullptr) return;
  add(work_);
  // Once is enough until it is taken: the I/O thread looks at Empty() before
  // it sleeps.
  if (!std::exchange(waiting_, true) && taker_ != std::this_thread::get_id()) {
    curl_multi_wakeup(multi_);
  }
}

void CurlInbox::PostStart(std::shared_ptr<CurlExchange> exchange) {
  Post([&](Work& work) { work.starts.push_back(std::move(exchange)); });
}

void CurlInbox::PostResume(uint64_t exchange, Direction direction) {
  Post([&](Work& work) { work.resumes.push_back({exchange, direction}); });
}

void CurlInbox::PostAbort(uint64_t exchange, absl::Status status) {
  Post([&](Work& work) {
    work.aborts.push_back({exchange, std::move(status)});
  });
}

void CurlInbox::PostStop() {
  Post([](Work& work) { work.stop = true; });
}

CurlInbox::Work CurlInbox::Take() {
  std::lock_guard<std::mutex> lock(mutex_);
  taker_ = std::this_thread::get_id();
  waiting_ = false;
  return std::exchange(work_, {});
}

bool CurlInbox::Empty() {
  std::lock_guard<std::mutex> lock(mutex_);
  return !waiting_;
}

void CurlInbox::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  multi_ = nullptr;
}

}  // namespace registry_manager
