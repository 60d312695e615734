// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#ifndef REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_CONNECTION_H_
#define REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/journal/journal.h"

struct redisContext;

namespace registry_manager {

// A reply with its type still to be checked. A value type.
struct RedisReply {
  enum class Type { kNil, kString, kStatus, kInteger, kArray };
  Type type = Type::kNil;
  // Set for a string or a status only.
  std::string text;
  int64_t integer = 0;
  std::vector<RedisReply> elements;
};

// A Lua script, known to Redis by its SHA-1.
class RedisScript {
 public:
  explicit RedisScript(absl::string_view source);

  const std::string& source() const { return source_; }
  const std::string& sha1() const { return sha1_; }

 private:
  std::string source_;
  std::string sha1_;
};

// A blocking connection to one Redis: opened, with AUTH and SELECT, by the
// first command, and again by the next command after any failure. Connecting
// takes no longer than 3 s, an answer no longer than 5 s. Commands are
// binary-safe.
//
// Errors are RedisErrorStatus's; a connection that cannot be opened or breaks
// is Unavailable, and then whether the command was carried out is not known.
// Not thread-safe.
class RedisConnection {
 public:
  using Command = std::vector<std::string>;

  explicit RedisConnection(RedisEndpoint endpoint);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  absl::StatusOr<RedisReply> Run(const Command& command);
  // All in one round trip; the first error reply is the error of all.
  absl::StatusOr<std::vector<RedisReply>> RunAll(
      const std::vector<Command>& commands);
  // Sends the script itself only where Redis does not know it (any more).
  absl::StatusOr<RedisReply> Eval(const RedisScript& script,
                                  const std::vector<std::string>& keys,
                                  const std::vector<std::string>& arguments);

  // The name of the Redis server, without credentials.
  const std::string& display() const { return display_; }

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };

  absl::Status Connect();
  absl::Status Introduce();
  // Each reply, or the error that it is.
  absl::StatusOr<std::vector<absl::StatusOr<RedisReply>>> Exchange(
      const std::vector<Command>& commands);
  // Drops the connection, which is of no use after any failure.
  absl::Status Lost(absl::string_view attempt);

  const RedisEndpoint endpoint_;
  const std::string display_;
  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace registry_manager

#endif  // REGISTRY_MANAGER_COORDINATOR_JOURNAL_REDIS_CONNECTION_H_
