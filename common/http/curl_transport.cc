// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/cancellation.h"
#include "common/http/curl_exchange.h"
#include "common/http/curl_inbox.h"
#include "common/http/exchange_clock.h"
#include "common/http/transport.h"

namespace registry_manager {
namespace {

// Idle connections kept; a fleet's worker speaks to many registries.
constexpr long kMaxConnections = 128;  // NOLINT(google-runtime-int)

// Waits for one exchange, or aborts it.
class CurlCall : public HttpCall {
 public:
  CurlCall(std::shared_ptr<CurlExchange> exchange,
           std::shared_ptr<CurlInbox> inbox, Cancellation* cancellation)
      : exchange_(std::move(exchange)),
        inbox_(std::move(inbox)),
        cancellation_(cancellation) {
    inbox_->PostStart(exchange_);
    if (cancellation_ == nullptr) return;
    ticket_ = cancellation_->Subscribe(
        [inbox = inbox_, id = exchange_->id(), cancellation] {
          inbox->PostAbort(id, cancellation->status());
        });
  }

  ~CurlCall() override {
    if (waited_) return;
    inbox_->PostAbort(exchange_->id(),
                      absl::CancelledError("nobody waits for the answer"));
    Wait().IgnoreError();
  }

  absl::StatusOr<HttpResponse> Wait() override {
    waited_ = true;
    absl::StatusOr<HttpResponse> outcome = exchange_->WaitForEnd();
    if (cancellation_ != nullptr) cancellation_->Unsubscribe(ticket_);
    return outcome;
  }

 private:
  const std::shared_ptr<CurlExchange> exchange_;
  const std::shared_ptr<CurlInbox> inbox_;
  Cancellation* const cancellation_;
  uint64_t ticket_ = 0;
  bool waited_ = false;
};

// The thread that all exchanges run on.
class CurlLoop {
 public:
  CurlLoop(CURLM* multi, std::shared_ptr<CurlInbox> inbox,
           std::string user_agent)
      : multi_(multi),
        inbox_(std::move(inbox)),
        user_agent_(std::move(user_agent)) {}

  // Until the inbox says stop.
  void Run();

 private:
  void Start(const std::shared_ptr<CurlExchange>& exchange);
  void Resume(const CurlInbox::Resume& resume);
  // Ends the exchange with a CURLcode or a status; no longer known: nothing.
  template <typename Reason>
  void End(uint64_t id, Reason reason);
  void EndFinished();
  void EndOverdue();
  int MillisecondsToSleep() const;

  CURLM* const multi_;
  const std::shared_ptr<CurlInbox> inbox_;
  const std::string user_agent_;
  absl::flat_hash_map<uint64_t, std::shared_ptr<CurlExchange>> exchanges_;
};

void CurlLoop::Run() {
  for (;;) {
    CurlInbox::Work work = inbox_->Take();
    for (const auto& exchange : work.starts) Start(exchange);
    for (const auto& resume : work.resumes) Resume(resume);
    for (auto& abort : work.aborts) {
      End(abort.exchange, std::move(abort.status));
    }
    if (work.stop) break;
    int running = 0;
    curl_multi_perform(multi_, &running);
    EndFinished();
    EndOverdue();
    if (!inbox_->Empty()) continue;
    curl_multi_poll(multi_, nullptr, 0, MillisecondsToSleep(), nullptr);
  }
  while (!exchanges_.empty()) {
    End(exchanges_.begin()->first,
        absl::CancelledError("the HTTP transport is being shut down"));
  }
}

void CurlLoop::Start(const std::shared_ptr<CurlExchange>& exchange) {
  const uint64_t id = exchange->id();
  exchanges_.emplace(id, exchange);
  if (absl::Status status = exchange->Begin(user_agent_); !status.ok()) {
    End(id, std::move(status));
  } else if (curl_multi_add_handle(multi_, exchange->easy()) != CURLM_OK) {
    End(id, absl::InternalError("libcurl refuses a transfer"));
  }
}

void CurlLoop::Resume(const CurlInbox::Resume& resume) {
  const auto found = exchanges_.find(resume.exchange);
  if (found == exchanges_.end()) return;
  absl::Status status = found->second->Resume(resume.direction);
  if (!status.ok()) End(resume.exchange, std::move(status));
}

template <typename Reason>
void CurlLoop::End(uint64_t id, Reason reason) {
  auto node = exchanges_.extract(id);
  if (node.empty()) return;
  CurlExchange& exchange = *node.mapped();
  if (exchange.easy() != nullptr) {
    curl_multi_remove_handle(multi_, exchange.easy());
  }
  exchange.EndBy(std::move(reason));
}

void CurlLoop::EndFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CurlExchange* exchange = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
    // `message` goes with the handle.
    const CURLcode code = message->data.result;
    End(exchange->id(), code);
  }
}

void CurlLoop::EndOverdue() {
  const ExchangeClock::TimePoint now = std::chrono::steady_clock::now();
  std::vector<uint64_t> overdue;
  for (const auto& [id, exchange] : exchanges_) {
    if (exchange->Deadline() <= now) overdue.push_back(id);
  }
  for (const uint64_t id : overdue) {
    End(id, exchanges_.at(id)->Overdue(now));
  }
}

int CurlLoop::MillisecondsToSleep() const {
  // poll() counts in an int of milliseconds; one idle wake-up an hour is none.
  const ExchangeClock::TimePoint now = std::chrono::steady_clock::now();
  ExchangeClock::TimePoint next = now + std::chrono::hours(1);
  for (const auto& [id, exchange] : exchanges_) {
    next = std::min(next, exchange->Deadline());
  }
  // Rounded up: woken too early it would spin until the deadline.
  return static_cast<int>(std::max<int64_t>(
      0, std::chrono::ceil<std::chrono::milliseconds>(next - now).count()));
}

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

class CurlTransport : public HttpTransport {
 public:
  explicit CurlTransport(absl::string_view user_agent)
      : multi_(NewMulti()),
        inbox_(std::make_shared<CurlInbox>(multi_.get())),
        loop_(multi_.get(), inbox_, std::string(user_agent)),
        thread_([this] { loop_.Run(); }) {}

  ~CurlTransport() override {
    inbox_->PostStop();
    thread_.join();
    inbox_->Close();
  }

  std::unique_ptr<HttpCall> Start(HttpRequest request) override {
    Cancellation* const cancellation = request.cancellation;
    return std::make_unique<CurlCall>(
        std::make_shared<CurlExchange>(next_id_++, std::move(request), inbox_),
        inbox_, cancellation);
  }

 private:
  static CURLM* NewMulti() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    CURLM* const multi = curl_multi_init();
    // A loop that cannot be woken would hang; memory or descriptors are out.
    if (curl_multi_wakeup(multi) != CURLM_OK) {
      std::fputs("libcurl cannot be started: out of memory or files\n", stderr);
      std::abort();
    }
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kMaxConnections);
    return multi;
  }

  const std::unique_ptr<CURLM, MultiDeleter> multi_;
  const std::shared_ptr<CurlInbox> inbox_;
  std::atomic<uint64_t> next_id_{1};
  CurlLoop loop_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpTransport> NewCurlTransport(absl::string_view user_agent) {
  return std::make_unique<CurlTransport>(user_agent);
}

}  // namespace registry_manager
