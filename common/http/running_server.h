// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_RUNNING_SERVER_H_
#define REGISTRY_MANAGER_COMMON_HTTP_RUNNING_SERVER_H_

#include <httplib.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace registry_manager {

// Runs a cpp-httplib server, whose handlers are set, on loopback. Not owned.
class RunningServer {
 public:
  RunningServer(httplib::Server& server, absl::string_view scheme)
      : server_(server), scheme_(scheme) {
    // A kept-alive connection holds a thread.
    server_.new_task_queue = [] { return new httplib::ThreadPool(64); };
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }

  ~RunningServer() {
    server_.stop();
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::string Url(absl::string_view path) const {
    return absl::StrCat(scheme_, "://127.0.0.1:", port_, path);
  }

 private:
  httplib::Server& server_;
  const std::string scheme_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_RUNNING_SERVER_H_
