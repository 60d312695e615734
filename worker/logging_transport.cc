// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "worker/logging_transport.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/http/url.h"
#include "common/reference/printable.h"

namespace registry_manager {
namespace {

// Queries may hold signatures that are as good as a password.
std::string Describe(const HttpRequest& request) {
  const absl::StatusOr<Url> url = ParseUrl(request.url);
  return absl::StrCat(HttpMethodName(request.method), " ",
                      url.ok() ? url->display() : "an unreadable URL");
}

class LoggedCall : public HttpCall {
 public:
  LoggedCall(std::string what, std::unique_ptr<HttpCall> call)
      : what_(std::move(what)), call_(std::move(call)) {}

  absl::StatusOr<HttpResponse> Wait() override {
    absl::StatusOr<HttpResponse> response = call_->Wait();
    const int64_t took = absl::ToInt64Milliseconds(absl::Now() - begun_);
    if (response.ok()) {
      spdlog::debug("{}: {} after {} ms", what_, response->status, took);
    } else {
      spdlog::debug("{}: {} after {} ms", what_,
                    Printable(response.status().message(), 2000), took);
    }
    return response;
  }

 private:
  const std::string what_;
  const absl::Time begun_ = absl::Now();
  const std::unique_ptr<HttpCall> call_;
};

}  // namespace

std::unique_ptr<HttpCall> LoggingTransport::Start(HttpRequest request) {
  std::string what = Describe(request);
  return std::make_unique<LoggedCall>(std::move(what),
                                      transport_->Start(std::move(request)));
}

}  // namespace registry_manager
