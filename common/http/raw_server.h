// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COMMON_HTTP_RAW_SERVER_H_
#define REGISTRY_MANAGER_COMMON_HTTP_RAW_SERVER_H_

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"

namespace registry_manager {

// One connection of a RawServer, as its script sees it. Used by one thread.
class RawConnection {
 public:
  // `index` counts connections from 0.
  RawConnection(int fd, int index) : fd_(fd), index_(index) {}

  int index() const { return index_; }
  // A request's lines up to the empty one, "" when the client has gone; the
  // body, if any, is left to ReadBody.
  std::string ReadHead();
  // `size` bytes, fewer when the client has gone.
  std::string ReadBody(size_t size);
  // False when the client has gone.
  bool Send(absl::string_view bytes);
  // Returns when the client closes its side.
  void AwaitClose();
  // Send fails after so long without progress.
  void SetSendTimeout(int milliseconds);

 private:
  bool Fill();

  const int fd_;
  const int index_;
  std::string unread_;
};

// A TCP server on loopback that does to each connection what the test says, for
// servers that misbehave. `script` runs on a thread for each connection, which
// is closed when it returns.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawConnection&)> script);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port() const { return port_; }
  std::string Url(absl::string_view path) const;

 private:
  void Accept();
  void Serve(int fd, int index);

  const std::function<void(RawConnection&)> script_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COMMON_HTTP_RAW_SERVER_H_
