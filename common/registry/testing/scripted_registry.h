// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_SCRIPTED_REGISTRY_H_
#define REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_SCRIPTED_REGISTRY_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/http/running_server.h"

namespace registry_manager {

// A registry that answers as the test says. With an upstream, requests that the
// test does not answer are passed on to a real registry, and the answers come
// back through the test: a real registry that misbehaves when the test wants it
// to.
class ScriptedRegistry {
 public:
  // True: `response` is the answer. On threads of the server.
  using Script = std::function<bool(const httplib::Request& request,
                                    httplib::Response& response)>;
  // May change what the upstream answered.
  using Change = std::function<void(const httplib::Request& request,
                                    httplib::Response& response)>;

  // `upstream` is "http://127.0.0.1:PORT"; empty: there is none, and requests
  // that the script leaves are answered with 404.
  explicit ScriptedRegistry(Script script, std::string upstream = "",
                            Change change = nullptr);
  ~ScriptedRegistry();

  // "http://127.0.0.1:PORT"
  std::string url() const { return running_->Url(""); }
  // "METHOD PATH", with the query's text behind "?", in the order of arrival.
  std::vector<std::string> requests() const;
  // The number of requests that begin with `prefix`.
  int Count(absl::string_view prefix) const;

 private:
  void Serve(const httplib::Request& request, httplib::Response& response);
  void PassOn(const httplib::Request& request, httplib::Response& response);

  const Script script_;
  const std::string upstream_;
  const Change change_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  httplib::Server server_;
  std::unique_ptr<RunningServer> running_;
};

// A registry's error body.
void AnswerError(httplib::Response& response, int status,
                 const std::string& code);

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_REGISTRY_TESTING_SCRIPTED_REGISTRY_H_
