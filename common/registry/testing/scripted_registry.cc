// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/testing/scripted_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace registry_manager {
namespace {

// Fields of one connection only, or that the server writes itself.
bool IsOfConnection(const std::string& name) {
  static const char* const kNames[] = {
      "Connection", "Content-Length",    "Expect",
      "Keep-Alive", "Transfer-Encoding", "LOCAL_ADDR",
      "LOCAL_PORT", "REMOTE_ADDR",       "REMOTE_PORT"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](const char* of_connection) {
                       return absl::EqualsIgnoreCase(name, of_connection);
                     });
}

}  // namespace

ScriptedRegistry::ScriptedRegistry(Script script, std::string upstream,
                                   Change change)
    : script_(std::move(script)),
      upstream_(std::move(upstream)),
      change_(std::move(change)) {
  const auto serve = [this](const httplib::Request& request,
                            httplib::Response& response) {
    Serve(request, response);
  };
  server_.Get(".*", serve);
  server_.Post(".*", serve);
  server_.Put(".*", serve);
  server_.Patch(".*", serve);
  server_.Delete(".*", serve);
  // It would wait for idle connections when it stops.
  server_.set_keep_alive_max_count(1);
  running_ = std::make_unique<RunningServer>(server_, "http");
}

ScriptedRegistry::~ScriptedRegistry() = default;

std::vector<std::string> ScriptedRegistry::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

int ScriptedRegistry::Count(absl::string_view prefix) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(std::count_if(
      requests_.begin(), requests_.end(), [&](const std::string& request) {
        return absl::StartsWith(request, prefix);
      }));
}

void ScriptedRegistry::Serve(const httplib::Request& request,
                             httplib::Response& response) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(absl::StrCat(request.method, " ", request.target));
  }
  if (script_ && script_(request, response)) return;
  if (upstream_.empty()) {
    response.status = 404;
    return;
  }
  PassOn(request, response);
  if (change_) change_(request, response);
}

void ScriptedRegistry::PassOn(const httplib::Request& request,
                              httplib::Response& response) {
  httplib::Client client(upstream_);
  client.set_keep_alive(false);
  httplib::Request passed;
  passed.method = request.method;
  passed.path = request.target;
  passed.body = request.body;
  for (const auto& [name, value] : request.headers) {
    if (!IsOfConnection(name)) passed.headers.emplace(name, value);
  }
  const httplib::Result result = client.send(passed);
  if (!result) {
    response.status = 502;
    return;
  }
  response.status = result->status;
  for (const auto& [name, value] : result->headers) {
    // A HEAD is answered with the Content-Length of the upstream's answer.
    const bool of_head = request.method == "HEAD" &&
                         absl::EqualsIgnoreCase(name, "Content-Length");
    if (of_head) response.headers.emplace(name, value);
    if (!IsOfConnection(name) &&
        !absl::EqualsIgnoreCase(name, "Content-Type")) {
      response.headers.emplace(name, value);
    }
  }
  response.set_content(result->body, result->get_header_value("Content-Type"));
}

void AnswerError(httplib::Response& response, int status,
                 const std::string& code) {
  response.status = status;
  response.set_content(absl::StrCat(R"({"errors":[{"code":")", code, R"("}]})"),
                       "application/json");
}

}  // namespace registry_manager
