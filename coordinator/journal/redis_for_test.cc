// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/redis_for_test.h"

#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace registry_manager {

// Not under the test's own folder: the path of a socket is to be short.
TemporaryFolder::TemporaryFolder() : path_("/tmp/journal-test-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) abort();
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

RedisForTest::RedisForTest(std::vector<std::string> settings) {
  Start(std::move(settings));
  AwaitReady();
}

RedisEndpoint RedisForTest::endpoint() const {
  RedisEndpoint endpoint;
  endpoint.socket = folder_.path() + "/redis.sock";
  return endpoint;
}

std::unique_ptr<Journal> RedisForTest::NewJournal() const {
  return NewRedisJournal(endpoint());
}

RedisReply RedisForTest::Run(const std::vector<std::string>& words) {
  auto reply = connection_->Run(words);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? *reply : RedisReply();
}

void RedisForTest::Kill() {
  kill(pid(), SIGKILL);
  server_.reset();
}

void RedisForTest::Start(std::vector<std::string> settings) {
  RedisServerProcess::Options options;
  options.folder = folder_.path();
  options.socket = endpoint().socket;
  options.settings = std::move(settings);
  auto server = RedisServerProcess::Spawn(options);
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    abort();
  }
  server_ = *std::move(server);
  connection_ = std::make_unique<RedisConnection>(endpoint());
}

void RedisForTest::AwaitReady() {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  absl::Status status;
  do {
    status = connection_->Run({"PING"}).status();
    if (!absl::IsUnavailable(status)) return;
    absl::SleepFor(absl::Milliseconds(2));
  } while (absl::Now() < deadline && server_->Running());
  ADD_FAILURE() << status << " " << server_->WhyEnded();
  abort();
}

}  // namespace registry_manager
