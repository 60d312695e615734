// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_FOR_TEST_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_FOR_TEST_H_

#include <memory>
#include <string>
#include <vector>

#include "coordinator/journal/journal.h"
#include "coordinator/journal/redis_connection.h"
#include "coordinator/journal/redis_server_process.h"

namespace registry_manager {

// A new folder for one test, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A real redis-server in a folder of its own. Used from one thread.
class RedisForTest {
 public:
  // Lines of redis.conf. Returns when it answers.
  explicit RedisForTest(std::vector<std::string> settings = {});

  RedisEndpoint endpoint() const;
  std::unique_ptr<Journal> NewJournal() const;
  // What Redis answers to the words; the test fails where that is an error.
  RedisReply Run(const std::vector<std::string>& words);

  const std::string& folder() const { return folder_.path(); }
  pid_t pid() const { return server_->pid(); }
  // kill -9, and another on the same data, with other settings.
  void Kill();
  void Start(std::vector<std::string> settings = {});
  // Until it answers anything but LOADING.
  void AwaitReady();

 private:
  TemporaryFolder folder_;
  std::unique_ptr<RedisServerProcess> server_;
  std::unique_ptr<RedisConnection> connection_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_FOR_TEST_H_
